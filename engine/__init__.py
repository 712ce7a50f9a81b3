"""Decides, records, accounts and proves a sale; see docs/architecture.md for the picture."""

VERSION = "0.1.0"
