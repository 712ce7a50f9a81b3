"""Drafting a plan: from the mandate and what the venues list to legs, or to every gap that stands in the way."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Span
from engine.kernel.errors import Mistake
from engine.kernel.ids import LegId, VenueName
from engine.kernel.money import ZERO, Asset, AssetClass
from engine.mandate.programme import Programme
from engine.mandate.terms import Edge, Terms
from engine.market.instrument import Instrument
from engine.planning import path
from engine.planning.plan import AtEnd, LegPlan, Plan, Recipe


class Way(Struct, frozen=True, kw_only=True):
    """When and how one asset is sold."""

    schedule: Recipe
    window: Span
    catch_up: Decimal
    at_end: AtEnd = AtEnd.EXTEND
    tactic: Recipe


class Manner(Struct, frozen=True, kw_only=True):
    """How legs are to be sold: the config's part of a plan."""

    way: Way
    own: Mapping[Asset, Way] = {}
    """Of assets that are sold in another way than the rest."""
    sweeps: Mapping[Asset, Recipe]
    tails: Mapping[Asset, Span]
    programme: Programme | None = None


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
    placed = {edge: _passable(hop, hops) for edge, hop in hops.items()}
    mistakes += [
        Mistake(f"path.{edge.sell}>{edge.buy}", "no venue that lists it lists the way on as well")
        for edge, instruments_there in placed.items()
        if hops[edge].listed and not instruments_there
    ]
    if mistakes:
        return mistakes
    volatile = [e for e in hops if terms.classes[e.sell] is AssetClass.VOLATILE]
    stable = [e for e in hops if terms.classes[e.sell] is AssetClass.STABLE]
    legs: list[LegPlan] = []
    for edge in (*volatile, *stable):
        feeders = tuple(leg.id for leg in legs if leg.buy == edge.sell)
        legs.append(_leg(LegId(str(len(legs) + 1)), edge, placed[edge], feeders, terms, remaining, manner))
    return Plan(legs=tuple(legs), deadline=terms.deadline, programme=manner.programme)


def _passable(hop: Hop, hops: Mapping[Edge, Hop]) -> tuple[Instrument, ...]:
    """Where the hop may be made: the proceeds stay on the account, so the way on has to be listed there too."""
    onward = [other for other in hops.values() if other.edge.sell == hop.edge.buy]
    return tuple(i for i in hop.listed if all(i.venue in {o.venue for o in other.listed} for other in onward))


def _leg(
    name: LegId,
    edge: Edge,
    instruments: tuple[Instrument, ...],
    feeders: tuple[LegId, ...],
    terms: Terms,
    remaining: Mapping[Asset, Decimal],
    manner: Manner,
) -> LegPlan:
    holding = terms.holding(edge.sell)
    way, sweeping = manner.own.get(edge.sell, manner.way), bool(feeders)
    return LegPlan(
        id=name,
        sell=edge.sell,
        buy=edge.buy,
        instruments=instruments,
        quantity=remaining.get(edge.sell, ZERO),
        fed_by=feeders,
        window=way.window,
        tail=manner.tails.get(edge.buy, Span(0)),
        schedule=manner.sweeps[edge.sell] if sweeping else way.schedule,
        tactic=Recipe("cross") if sweeping else way.tactic,
        catch_up=way.catch_up,
        at_end=AtEnd.EXTEND if sweeping else way.at_end,
        floor=holding.floor if holding else None,
        participation_max=holding.participation_max if holding else None,
        to_fiat=terms.classes[edge.sell] is AssetClass.STABLE,
    )
