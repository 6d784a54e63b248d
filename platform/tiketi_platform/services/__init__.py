"""The six services; each says what it is in its spec.py, and none sees another."""
