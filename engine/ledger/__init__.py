"""Where every unit is."""
