"""One table of counts with copy number a patient."""
