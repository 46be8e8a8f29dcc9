"""A speech model small enough to be committed, the phrases it knows, and how both are made: `make.py`."""
