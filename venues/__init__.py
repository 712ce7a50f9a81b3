"""Speaks to the outside: one folder an exchange."""
