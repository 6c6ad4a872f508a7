"""权衡: the measurement system of a city."""

__version__ = "0.1.0"
