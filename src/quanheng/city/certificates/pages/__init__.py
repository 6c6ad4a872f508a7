"""Pages of the office of certificates."""
