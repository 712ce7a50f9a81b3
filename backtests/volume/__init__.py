"""Volumes of the past: read, cut into windows, learned from, and followed by rules that know only what was before."""
