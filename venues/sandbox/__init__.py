"""An exchange of our own: matching, accounts, background flow, faults, and servers in other venues' dialects."""
