"""Firm quotes of several desks against what the books would bring for the same quantity, at one instant.

A desk competes with the best division over all books, not with one book, and with every other desk, by what a unit
nets. What loses is kept with the reason: that the others were asked is part of the proof that the price was fair.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from engine.kernel.money import BP, ratio
from engine.orders.comparison import Comparison, Judged
from engine.orders.reports import Quote
from engine.routing.sweep import Division


def compare(quotes: Sequence[Quote], books: Mapping[Decimal, Division], reference: Decimal) -> Comparison:
    """The best quote that beats the books, or none.

    `books` has the division over all books by the quantity that a desk quoted: desks may be asked for different
    ones. What the books don't take counts as unsold, at what a unit was worth in that division. A quote that equals the
    books may be taken: it is firm, and they are not. `reference` is the market's price of the same instant, above
    zero. Of equal quotes the one listed first wins.
    """
    judged: list[Judged] = []
    best: Fraction | None = None
    for quote in sorted(quotes, key=_unit, reverse=True):
        unit, other = _unit(quote), _books(books.get(quote.quantity))
        if other is None:
            lost = "the books were not compared for its quantity"
        elif unit < other:
            lost = "the books bring more"
        else:
            lost = "" if best is None else "another desk pays as much or more"
            best = unit if best is None else best
        judged.append(
            Judged(
                venue=quote.venue,
                quote_id=quote.quote_id,
                quantity=quote.quantity,
                unit=_shown(unit),
                books=None if other is None else _shown(other),
                against_reference_bp=_bp(unit, reference),
                lost=lost,
            )
        )
    return Comparison(reference, tuple(judged))


def _unit(quote: Quote) -> Fraction:
    """What one unit brings, exactly."""
    return Fraction(quote.proceeds) / Fraction(quote.quantity)


def _books(division: Division | None) -> Fraction | None:
    if division is None or division.quantity <= 0:
        return None
    return Fraction(division.worth) / Fraction(division.quantity)


def _shown(unit: Fraction) -> Decimal:
    return ratio(Decimal(unit.numerator), Decimal(unit.denominator), 12)


def _bp(unit: Fraction, reference: Decimal) -> Decimal:
    away = (unit / Fraction(reference) - 1) * int(BP)
    return ratio(Decimal(away.numerator), Decimal(away.denominator), 2)
