"""May we sell, what, for whom."""
