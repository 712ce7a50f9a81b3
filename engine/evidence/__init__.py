"""That the price was fair."""
