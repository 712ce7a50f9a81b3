"""How a holding becomes fiat."""
