"""Why an order went where it went, as it is journaled and as it is told."""

from typing import Final

import msgspec

from engine.kernel import codec
from engine.kernel.clock import Instant
from engine.kernel.ids import VenueName
from engine.orders.reason import Alternative, Glance, Reason, Rule, plain
from tests.support.builders import START, d

A, B, C = VenueName("hashkey"), VenueName("osl"), VenueName("generic")
REASON: Final = Reason(
    rule=Rule.SWEEP,
    quantity=d("10"),
    placed=d("9.99"),
    proceeds=d("998.0910"),
    books=(
        Glance(A, d("100.00"), d("12.5"), START, Instant(START - 5), d("0.001")),
        Glance(B, None, d("0"), START, START, d("0.0029"), d("1.99")),
    ),
    alternatives=(
        Alternative(A, d("9.99"), d("997")),
        Alternative(B, d("0"), d("0")),
        Alternative(C, d("1"), d("101"), shunned=True),
    ),
)


def test_one_sentence_says_which_rule_chose_what_was_seen_and_what_each_alone_would_have_brought() -> None:
    assert plain(REASON) == (
        "the best bids of several venues, net of fees: 9.99 of 10 for about 998.091 after fees; "
        "books: hashkey 12.5 down from 100, osl no bid; "
        "alone: hashkey 9.99 for 997, osl nothing, generic 1 for 101 (had turned us away)."
    )


def test_a_reason_without_books_or_alternatives_is_still_a_sentence() -> None:
    bare = Reason(Rule.NONE, d("1"), d("0"), d("0"), (), ())
    assert plain(bare) == "no venue takes any at the limit: 0 of 1 for about 0 after fees."


def test_a_reason_survives_the_journal_in_a_few_hundred_bytes() -> None:
    raw = codec.encode(REASON)
    assert msgspec.json.decode(raw, type=Reason) == REASON
    assert len(raw) < 450
