"""patient.json and the reports made from it."""
