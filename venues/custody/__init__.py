"""Ways to a custodian: a folder shared with its people, and the sandbox's. None of them holds a key."""
