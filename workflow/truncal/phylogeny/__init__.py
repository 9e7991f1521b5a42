"""The posterior over clone trees."""
