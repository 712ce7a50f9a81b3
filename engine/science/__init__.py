"""Execution mathematics: pure functions over floats. Floats may weigh here; they never count money."""
