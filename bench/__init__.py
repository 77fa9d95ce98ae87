"""Measuring speed and size: `make bench`. docs/bench.md says what the figures mean."""
