"""When to sell, and how."""
