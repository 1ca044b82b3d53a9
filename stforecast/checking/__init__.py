"""Reports of the doctor for people: figures, a page, a table."""
