"""The laboratory: the same core under a simulated market."""
