"""Composition root: from a config to a running driver. The one package that knows venues and strategies."""
