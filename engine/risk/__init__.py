"""Whether one order may go."""
