"""Is the world as we think."""
