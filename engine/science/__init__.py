"""Statistics in floats, for plans and reports: pure functions above the kernel. Nothing here is money."""
