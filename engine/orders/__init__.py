"""The life of an order, and of the leg it belongs to."""
