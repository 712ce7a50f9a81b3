"""How a deficit becomes orders."""
