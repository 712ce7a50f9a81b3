"""Where: which venue is asked first."""
