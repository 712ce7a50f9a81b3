"""Rendering what a run left behind."""
