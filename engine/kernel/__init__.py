"""The words every other folder uses: assets, exact numbers, instants, ids, one encoding, chance."""
