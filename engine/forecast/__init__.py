"""What a plan is likely to cost, before anybody approves it. Floats weigh here; nothing of it is ever counted."""
