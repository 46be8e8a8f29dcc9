"""Benchmarks of the media server: `python -m benchmarks run`, described in docs/benchmarks.md."""
