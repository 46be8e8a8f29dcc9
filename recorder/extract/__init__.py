"""What is written in documents that somebody uploads. Nothing in them is believed, run, fetched or made into a path."""
