"""The shell: asyncio, files and the clock live here."""
