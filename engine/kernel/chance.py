"""Seeded chance without a stream: each draw is a hash of what it is for.

Removing one draw changes no other, which is what lets a fault plan shrink and a jittered schedule be replayed.
"""

from hashlib import sha256


def draw(seed: int, purpose: str, counter: int) -> float:
    """A number in [0, 1), the same for the same three arguments on every machine."""
    return integer(seed, purpose, counter) / 2**53


def integer(seed: int, purpose: str, counter: int) -> int:
    """A whole number in [0, 2**53)."""
    digest = sha256(f"{seed}|{purpose}|{counter}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 11


def below(seed: int, purpose: str, counter: int, bound: int) -> int:
    """A whole number in [0, bound)."""
    return integer(seed, purpose, counter) * bound >> 53
