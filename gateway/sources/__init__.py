"""Files in, rows out, each with the place of every value."""
