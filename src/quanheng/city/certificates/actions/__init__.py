"""What the office of certificates does: the only place that writes its tables."""
