"""What opens an account: a key that names it and a secret that signs. Neither shows itself to anybody."""

from typing import Final, NoReturn

from msgspec import Struct

from engine.kernel.errors import BadInput, Mistake
from venues.adapter import Site

_HIDDEN: Final = "***"


class Secret:
    """A text that shows itself to nobody: not printed, not compared, not pickled."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not text.isascii() or not text.isprintable() or not text:
            raise ValueError("a secret is empty, or holds characters that no header can carry")
        self._text = text

    def __repr__(self) -> str:
        return _HIDDEN

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")

    def reveal(self) -> str:
        """The text itself; called where something is signed, and nowhere else."""
        return self._text


class Keys(Struct, frozen=True, eq=False):
    """What a venue gives an account: the key that names it, and the secret that signs."""

    key: Secret
    secret: Secret

    def redact(self, text: str) -> str:
        """`text` without either of the two, for words that a venue or a library chose."""
        return text.replace(self.secret.reveal(), _HIDDEN).replace(self.key.reveal(), _HIDDEN)


def keys_of(site: Site) -> Keys:
    """The site's key and secret; `BadInput` when they are missing or no header could carry them."""
    try:
        key, secret = site.key or ("", "")
        return Keys(Secret(key), Secret(secret))
    except ValueError as error:
        raise BadInput([Mistake(f"venues.{site.name}", str(error))]) from error
