"""What we believe of prices."""
