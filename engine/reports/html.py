"""The report that people read: one HTML file which needs nothing but itself, today and in ten years.

It fetches nothing and says nothing of the moment or the machine that made it, so the same run gives the same bytes.
Every sentence here is fixed text with numbers of the journal and the tape in it; what was not seen is called missing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from engine.evidence import guards
from engine.evidence.benchmarks import FillEvidence, gather, slippage_bp
from engine.evidence.books import balances
from engine.evidence.days import DayStory
from engine.evidence.story import LegStory, Story, Way
from engine.evidence.summary import LegSummary, Summary
from engine.forecast.rules import rules
from engine.kernel.clock import Instant
from engine.kernel.ids import LegId, VenueName
from engine.kernel.money import EXACT, ZERO, decimals, ratio, times, total
from engine.ledger import accounts
from engine.mandate.terms import FloorKind
from engine.reports import charts, fees, sections
from engine.reports.charts import Mids
from engine.reports.conduct import conduct
from engine.reports.falls import falls
from engine.reports.floors import floors
from engine.reports.pages import DASH, page, script, show, time

STATUS: Final[Mapping[str, str]] = {
    "done": "Done. Everything that was mandated has been sold.",
    "short": "Ended short of the plan. Part of the mandate was not sold; the reasons stand with each leg.",
    "halted": "Halted. Selling was stopped before its end.",
    "unresolved": "Unresolved. The fate of an order or the difference of a balance is still open.",
    "running": "Still running. The journal is not closed; the numbers are those up to its last row.",
}
NOT_SHOWN: Final = (
    "Prices on other venues: every reference price here is that of the venue on which we sold.",
    "What the market would have done without our sales; our own prints are left out, their effect on others is not.",
    "What another schedule, another day or another venue would have brought.",
    "The cost of what was not sold: a residue is stated as a quantity and not valued.",
    "Whether the records of the venue are true; they are kept as they were received, under a digest.",
)
UNLISTED: Final = " (a pair that the real venue is not known to list)"
Recorded = Mapping[VenueName, tuple[int, int]]
"""Per venue for reference, how many books and prints lie on the tape."""
SANDBOX: Final = (
    "Sandbox: not a real sale. The exchange, its order book and its money are simulated.",
    "Where the sandbox plays recorded order flow, recorded BTC/USD prices are taken one to one as BTCUSDT.",
)


def render(
    story: Story,
    summary: Summary,
    *,
    title: str = "Execution report",
    mids: Mapping[LegId, Mids] | None = None,
    evidence: Sequence[FillEvidence] | None = None,
    told_days: Sequence[DayStory] = (),
    recorded: Recorded | None = None,
    assumptions: Sequence[str] = (),
    not_shown: Sequence[str] = NOT_SHOWN,
) -> str:
    """The report of one run. `mids` are drawn behind our fills; without them the public trades are.

    `evidence` may be given by a caller who has gathered it already, `told_days` where the run has a programme.
    `recorded` is about venues for reference. A backtest states its `assumptions`.
    """
    evidence = gather(story) if evidence is None else evidence
    drawn: list[dict[str, Any]] = []
    legs = []
    for leg, result in zip(story.legs, summary.legs, strict=True):
        of_leg = [each for each in evidence if each.sold.order.leg == leg.plan.id]
        legs.append(_leg(leg, result, of_leg, (mids or {}).get(leg.plan.id, ()), drawn))
    return page(
        "report.html",
        title=title,
        case=summary.case,
        status=summary.status,
        status_words=STATUS.get(summary.status, summary.status),
        sandbox=story.opened.environment == "sandbox",
        outcomes=[_outcome(leg) for leg in summary.legs],
        facts=_facts(story, summary),
        legs=legs,
        fills=[_fill(each) for each in sorted(evidence, key=lambda e: (e.fill.at, e.sold.seq))],
        standings=sorted(Counter(a.standing for leg in story.legs for a in leg.attempts).items()),
        on_paper=any(sold.way is Way.PAPER for leg in story.legs for sold in leg.fills),
        people=sections.people(story),
        case_turns=sections.case_turns(story),
        cover=sections.cover(story),
        attribution=sections.attribution(summary),
        days=sections.days(told_days),
        recoveries=sections.recoveries(story),
        rules=rules(story.opened.plan, story.opened.limits),
        withheld=_withheld(story),
        floors=floors(story),
        conduct=conduct(story),
        fees=fees.fees(summary.fees),
        books=fees.books(story),
        guards=[(time(m.at), m.what, m.detail) for m in guards.moments(story.timeline)],
        timeline=[(time(m.at), m.what, m.detail) for m in story.timeline],
        quality=quality(story, evidence, recorded),
        ledger=_ledger(story),
        assumptions=assumptions,
        not_shown=not_shown,
        charts=script(drawn),
        bundle=charts.bundle() if drawn else "",
    )


def quality(story: Story, evidence: Sequence[FillEvidence], recorded: Recorded | None = None) -> list[str]:
    """What a reader must know of the data before he believes the numbers, sentence by sentence."""
    said = list(SANDBOX) if story.opened.environment == "sandbox" else []
    if evidence:
        labels = sorted({each.reference for each in evidence})
        said.append(f"Reference prices: {', '.join(labels)}.")
    said += [
        f"Recorded for reference only, and part of no price here: {venue}, {books:,} books and {prints:,} trades."
        for venue, (books, prints) in (recorded or {}).items()
    ]
    lacks = Counter((price, reason) for each in evidence for price, reason in each.missing.items())
    for (price, reason), count in sorted(lacks.items()):
        word = price.replace("_", " ").replace("vwap", "VWAP")
        said.append(f"Missing price ({word}) for {count} of {len(evidence)} fills: {reason}.")
    if not lacks:
        said.append("No reference price of any fill is missing.")
    for leg in story.legs:
        of_leg = [each for each in evidence if each.sold.order.leg == leg.plan.id]
        if of_leg and (count := max(each.interval.own_unmatched for each in of_leg)):
            said.append(
                f"{leg.plan.sell}>{leg.plan.buy}: {count} of our own fills had no print on the tape. If the tape shows "
                "them under another time or price, they are part of the market's price here."
            )
    said += [f"Tape, before {seal.file}: {seal.lost}." for seal in story.seals if seal.lost]
    if not story.seals:
        said.append("No piece of tape was sealed in this journal.")
    if story.duplicates:
        said.append(f"{story.duplicates} fills were told more than once and counted once.")
    said += [f"Contradiction: {text}." for text in story.contradictions]
    said += [
        f"A fill that no order of this run made was seen on the account and is not counted: trade {fill.trade_id}, "
        f"{show(fill.quantity)} {fill.symbol} at {show(fill.price)}."
        for fill in story.strangers
    ]
    return said


def _facts(story: Story, summary: Summary) -> list[tuple[str, str, bool]]:
    """Name, value, and whether the value is a digest or a name for machines."""
    opened = story.opened
    compared = "not yet compared" if summary.differences is None else str(summary.differences)
    return [
        ("Authority", opened.terms.authority, False),
        ("Account", opened.terms.account, False),
        ("Environment", opened.environment, False),
        ("Started", time(summary.started), False),
        ("Ended", DASH if summary.ended is None else time(summary.ended), False),
        ("Orders sent, fills", f"{summary.orders}, {summary.fills}", False),
        ("Orders of unknown fate", str(summary.unknown), False),
        ("Balances that differ", compared, False),
        ("Run", summary.run, True),
        ("Code", summary.code, True),
        ("Mandate, SHA-256", opened.terms.document_sha256, True),
        ("Configuration, SHA-256", summary.config_sha256, True),
        ("Plan, SHA-256", opened.plan.digest, True),
        (f"Journal, head after {summary.rows} rows", summary.head, True),
    ]


def _outcome(leg: LegSummary) -> dict[str, str]:
    return {
        "sold": f"{show(leg.sold)} {leg.sell}",
        "mandated": f"{show(leg.mandated)} {leg.sell}",
        "received": f"{show(leg.received)} {leg.buy}",
        "fees": "before fees of " + _fees(leg) if leg.fees else "no fees",
    }


def _fees(leg: LegSummary) -> str:
    return ", ".join(f"{show(units)} {asset}" for asset, units in leg.fees.items())


def _leg(
    leg: LegStory, result: LegSummary, evidence: Sequence[FillEvidence], mids: Mids, drawn: list[dict[str, Any]]
) -> dict[str, Any]:
    """What the page shows of a leg; its charts are appended to `drawn`."""
    pictures = []
    for caption, spec in (
        ("Price on the venue and our fills", charts.price(leg, mids)),
        ("Schedule and what was sold", charts.progress(leg)),
        ("Loss of each fill against its reference prices", charts.slippage(evidence)),
    ):
        if spec is not None:
            pictures.append((f"chart-{len(drawn)}", caption))
            drawn.append(spec)
    share = DASH if result.participation is None else f"{show(times(result.participation, Decimal(100)), 2)} %"
    return {
        "name": f"{leg.plan.sell} for {leg.plan.buy}",
        "id": leg.plan.id,
        "venue": "; ".join(f"{i.venue}, {i.symbol}{UNLISTED if i.mock else ''}" for i in leg.plan.instruments),
        "how": f"{leg.plan.schedule.name}, {leg.plan.tactic.name}",
        "results": [
            ("Mandated", f"{show(result.mandated)} {result.sell}"),
            ("Sold", f"{show(result.sold)} {result.sell}"),
            ("Not sold", f"{show(result.residue)} {result.sell}"),
            ("Reason", result.residue_reason or DASH),
            ("Received, before fees", f"{show(result.received)} {result.buy}"),
            ("Fees", _fees(result) if result.fees else DASH),
            ("Average price", show(result.average_price, _places(leg))),
            ("Our share of all volume traded", share),
        ],
        "references": _references(leg, result, evidence),
        "footprint": sections.footprint(result.footprint),
        "beside": ", ".join(sections.beside(leg, result.footprint)),
        "falls": falls(result.falls),
        "leaks": result.leaks,
        "chosen": sections.choices(leg.attempts, leg.plan.buy),
        "aside": f"{show(result.footprint.aside)} {leg.plan.sell}" if result.footprint.aside else "",
        "charts": pictures,
    }


def _references(leg: LegStory, result: LegSummary, evidence: Sequence[FillEvidence]) -> list[tuple[str, ...]]:
    """Reference, its price, ours, the loss in basis points and in money. Empty where nothing was sold."""
    if result.average_price is None:
        return []
    rows = [("Arrival price (mid)", result.arrival_price, result.average_price, result.sold)]
    known = [(e.fill, e.decision_mid) for e in evidence if e.decision_mid is not None]
    sold = total(fill.quantity for fill, _ in known)
    if sold:
        mid = ratio(total(times(fill.quantity, mid) for fill, mid in known), sold, 8)
        ours = ratio(total(times(fill.quantity, fill.price) for fill, _ in known), sold, 8)
        partly = "" if len(known) == len(evidence) else f", {len(known)} of {len(evidence)} fills"
        rows.append((f"Mid at each decision, weighted{partly}", mid, ours, sold))
    else:
        rows.append(("Mid at each decision, weighted", None, result.average_price, ZERO))
    vwap = None if result.market is None else result.market.vwap
    rows.append(("Average price of the others (VWAP)", vwap, result.average_price, result.sold))
    floor = leg.plan.floor
    if floor is not None and floor.kind is FloorKind.FIXED and floor.currency == leg.plan.buy:
        lowest = min(e.fill.price for e in evidence)
        rows.append(("Floor, against our lowest fill", floor.price, lowest, ZERO))
    return [_reference(leg, *row) for row in rows]


def _reference(leg: LegStory, name: str, price: Decimal | None, ours: Decimal, sold: Decimal) -> tuple[str, ...]:
    places = _places(leg)
    if price is None:
        return (name, "missing", show(ours, places), DASH, DASH)
    money = f"{show(EXACT.multiply(price - ours, sold), 2)} {leg.plan.buy}" if sold else DASH
    return (name, show(price, places), show(ours, places), show(slippage_bp(ours, price), 2), money)


def _fill(evidence: FillEvidence) -> dict[str, str]:
    fill, order = evidence.fill, evidence.sold.order
    return {
        "at": time(fill.at),
        "leg": f"{order.leg}/{order.slice}/{order.attempt}",
        "client_id": order.client_id,
        "trade_id": fill.trade_id,
        "quantity": show(fill.quantity),
        "price": show(fill.price),
        "pair": f"{evidence.sell}/{evidence.buy}",
        "fee": f"{show(fill.fee.units)} {fill.fee.asset}",
        "limit": show(order.price),
        "mid": show(evidence.decision_mid),
        "spread": show(evidence.spread),
        "decision": show(evidence.slippage_decision_bp, 2),
        "arrival": show(evidence.slippage_arrival_bp, 2),
        "vwap": show(evidence.slippage_vwap_bp, 2),
        "way": evidence.sold.way.value,
        "book": evidence.shared_book.value,
    }


def _withheld(story: Story) -> list[tuple[str, str, int, str, str]]:
    """Leg, limits that were broken, how often, first and last time."""
    groups: dict[tuple[str, str], list[Instant]] = {}
    for leg in story.legs:
        for refusal in leg.withheld:
            limits = ", ".join(sorted({denied.limit for denied in refusal.withheld.denied}))
            groups.setdefault((leg.plan.id, limits), []).append(refusal.at)
    return [
        (leg, limits, len(times_seen), time(min(times_seen)), time(max(times_seen)))
        for (leg, limits), times_seen in sorted(groups.items())
    ]


def _ledger(story: Story) -> dict[str, Any]:
    """Accounts by assets, and the sums that must be zero."""
    books, opened = balances(story), story.opened
    venues = sorted({*opened.balances, *(sold.fill.venue for leg in story.legs for sold in leg.fills)})
    names = [accounts.ENTRUSTED, accounts.CUSTODY, accounts.TRANSIT, *map(accounts.venue, venues)]
    names += [*map(accounts.fees, venues), accounts.MARKET, accounts.EXPLAINED]
    trial = dict(sorted(books.trial().items()))
    rows = [(name, [show(books.of(name, asset)) for asset in trial]) for name in names if books.assets(name)]
    return {"assets": list(trial), "rows": rows, "sums": [show(units) for units in trial.values()]}


def _places(leg: LegStory) -> int:
    """Averages are shown two digits finer than the tick."""
    return min(8, max(decimals(i.tick) for i in leg.plan.instruments) + 2)
