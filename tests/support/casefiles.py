"""A case's book in memory: what people say of the case, row after row, and what the fold makes of it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from engine.kernel import codec
from engine.kernel.clock import SECOND, Instant, parse_instant
from engine.kernel.ids import CaseId, LotId, PersonName, RunId
from engine.kernel.money import Asset
from engine.mandate.approvals import Row
from engine.mandate.case import Case
from engine.mandate.folding import take
from engine.mandate.judging import judge
from engine.mandate.statements import (
    BookEntry,
    CaseOpened,
    Fact,
    LotEntered,
    Released,
    Returned,
    RunBegan,
    RunEnded,
    Signed,
    Sold,
    Stage,
    Statement,
)

CASE: Final = CaseId("PSB-7")
OPENED_AT: Final = parse_instant("2026-05-04T01:00:00Z")
PAPER: Final = "ab" * 32
OTHER_PAPER: Final = "cd" * 32
BTC, ETH, USDT, USD, HKD = (Asset(name) for name in ("BTC", "ETH", "USDT", "USD", "HKD"))


def d(text: str) -> Decimal:
    return Decimal(text)


def lot(name: str, quantity: str, asset: Asset = BTC, stage: Stage = Stage.JUDGED) -> LotEntered:
    return LotEntered(lot=LotId(name), asset=asset, quantity=d(quantity), place="Vault One", stage=stage)


def released(name: str, quantity: str) -> Released:
    return Released(lot=LotId(name), quantity=d(quantity), document_sha256=PAPER)


def returned(name: str, quantity: str) -> Returned:
    return Returned(lot=LotId(name), quantity=d(quantity), document_sha256=PAPER)


def began(run: str, granted: str, asset: Asset = BTC) -> RunBegan:
    return RunBegan(run=RunId(run), granted=(Sold(asset=asset, granted=d(granted), sold=d("0")),))


def ended(
    run: str, sold: str, unknown: str = "0", asset: Asset = BTC, proceeds: Mapping[Asset, Decimal] | None = None
) -> RunEnded:
    sale = Sold(asset=asset, granted=d("0"), sold=d(sold), unknown=d(unknown))
    return RunEnded(run=RunId(run), status="done", sales=(sale,), proceeds=dict(proceeds or {}))


class Book:
    """An open case. What is said is appended whatever it is: the fold has to judge it, as it does for a real book."""

    def __init__(self, *says: Fact | RunBegan | RunEnded, open_it: bool = True) -> None:
        self.case = Case()
        self.rows: list[Row] = []
        if open_it:
            self.says(CaseOpened(authority="Village police", document_sha256=PAPER))
        for fact in says:
            assert self.refuses(fact) is None, (fact, self.refuses(fact))
            self.says(fact)

    def refuses(self, fact: Fact | RunBegan | RunEnded) -> str | None:
        return judge(self.case, fact)

    def says(self, fact: Fact | RunBegan | RunEnded, by: str = "wu", case: CaseId = CASE) -> None:
        if isinstance(fact, RunBegan | RunEnded):
            self.row(fact)
            return
        statement = Statement(
            case=case,
            environment="sandbox",
            by=PersonName(by),
            at=OPENED_AT,
            nonce=str(len(self.rows)),
            reason=f"because of {len(self.rows) + 1}",
            says=fact,
        )
        self.row(Signed(statement=codec.encode(statement).decode(), signature=""))

    def row(self, entry: BookEntry) -> None:
        seq = len(self.rows) + 1
        self.rows.append((seq, Instant(OPENED_AT + seq * SECOND), entry))
        self.case = take(self.case, *self.rows[-1])
