"""Market data from files, for backtests: read, judged, and never mended."""
