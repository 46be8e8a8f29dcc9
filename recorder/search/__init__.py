"""The index of the library: a copy of what the database knows, made for finding, and made again at any time."""
