"""WHIP and WHEP clients in Python: for the command line, the demonstration, tests and benchmarks."""
