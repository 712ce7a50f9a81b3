"""Drafting a plan: from the mandate and what the venues list to legs, or to every gap that stands in the way."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Span
from engine.kernel.errors import Mistake
from engine.kernel.ids import LegId, VenueName
from engine.kernel.money import ZERO, Asset, AssetClass
from engine.mandate.terms import Edge, Terms
from engine.market.instrument import Instrument
from engine.planning import path
from engine.planning.plan import LegPlan, Plan, Recipe


class Manner(Struct, frozen=True, kw_only=True):
    """How legs are to be sold: the config's part of a plan."""

    schedule: Recipe
    window: Span
    catch_up: Decimal
    tactic: Recipe
    sweeps: Mapping[Asset, Recipe]
    tails: Mapping[Asset, Span]


class Hop(Struct, frozen=True):
    """One hop of one asset, and what the preflight found: the venues that list it, and those that do not."""

    asset: Asset
    edge: Edge
    listed: tuple[Instrument, ...]
    missing: tuple[VenueName, ...]


def survey(terms: Terms, instruments: Sequence[Instrument]) -> list[Hop]:
    """Per asset and hop, which allowed venue lists the pair now and which does not."""
    hops = []
    for holding in terms.holdings:
        edges = path.route(holding.asset, terms.settlement, terms.edges, terms.classes)
        for edge in edges if isinstance(edges, list) else []:
            listed = tuple(
                i
                for i in instruments
                if (i.base, i.quote) == (edge.sell, edge.buy) and i.trading and i.venue in terms.venues
            )
            have = {i.venue for i in listed}
            hops.append(Hop(holding.asset, edge, listed, tuple(v for v in terms.venues if v not in have)))
    return hops


def draft(
    terms: Terms, remaining: Mapping[Asset, Decimal], instruments: Sequence[Instrument], manner: Manner
) -> Plan | list[Mistake]:
    """A plan that sells `remaining`, or everything that prevents one. Feeding legs stand before those they feed."""
    mistakes = [
        found
        for holding in terms.holdings
        if isinstance(found := path.route(holding.asset, terms.settlement, terms.edges, terms.classes), Mistake)
    ]
    hops = {hop.edge: hop for hop in survey(terms, instruments)}
    mistakes += [
        Mistake(f"path.{h.edge.sell}>{h.edge.buy}", f"no allowed venue lists it: {', '.join(h.missing)}")
        for h in hops.values()
        if not h.listed
    ]
    if mistakes:
        return mistakes
    volatile = [e for e in hops if terms.classes[e.sell] is AssetClass.VOLATILE]
    stable = [e for e in hops if terms.classes[e.sell] is AssetClass.STABLE]
    legs: list[LegPlan] = []
    for edge in (*volatile, *stable):
        feeders = tuple(leg.id for leg in legs if leg.buy == edge.sell)
        legs.append(_leg(LegId(str(len(legs) + 1)), edge, hops[edge], feeders, terms, remaining, manner))
    return Plan(legs=tuple(legs), deadline=terms.deadline)


def _leg(
    name: LegId,
    edge: Edge,
    hop: Hop,
    feeders: tuple[LegId, ...],
    terms: Terms,
    remaining: Mapping[Asset, Decimal],
    manner: Manner,
) -> LegPlan:
    holding = terms.holding(edge.sell)
    sweeping = bool(feeders)
    return LegPlan(
        id=name,
        sell=edge.sell,
        buy=edge.buy,
        instruments=hop.listed,
        quantity=remaining.get(edge.sell, ZERO),
        fed_by=feeders,
        window=manner.window,
        tail=manner.tails.get(edge.buy, Span(0)),
        schedule=manner.sweeps[edge.sell] if sweeping else manner.schedule,
        tactic=Recipe("cross") if sweeping else manner.tactic,
        catch_up=manner.catch_up,
        floor=holding.floor if holding else None,
        participation_max=holding.participation_max if holding else None,
    )
