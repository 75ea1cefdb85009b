"""The measurements, each one command: ``python -m bench.walk``."""
