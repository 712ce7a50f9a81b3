"""The lines of a prospect that say what the figures of the table leave open."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from math import inf, sqrt

from engine.forecast import caps, chances, words
from engine.forecast.cost import CERTAINTY, best_rate
from engine.forecast.orders import Orders
from engine.forecast.scene import Scene
from engine.forecast.waiting import advice
from engine.forecast.ways import WEIGHT, aversion
from engine.forecast.words import Line
from engine.kernel.clock import DAY, Span
from engine.kernel.money import BP, plain, trimmed
from engine.science.almgren_chriss import ac_lvar
from engine.science.impact import athl_impact
from engine.science.routing import sor_sweep
from engine.science.slicing import jitter
from engine.science.stable import at_par_error_bp


def lines(scene: Scene) -> Iterator[Line]:
    """In the order in which they are read."""
    yield from _money(scene)
    yield from chances.price(scene)
    yield from chances.floor(scene)
    yield from chances.deadline(scene)
    yield from chances.impression(scene)
    if scene.own is not None and scene.own.orders is not None:
        yield from _orders(scene, scene.own.orders)
        yield from caps.hit(scene, scene.own.orders, _slice(scene))
        yield from _preview(scene, scene.own.orders)
    yield from _opinions(scene)
    yield from _jitter(scene)
    yield from _waiting(scene)


def _money(scene: Scene) -> Iterator[Line]:
    """What it is expected to bring, in what is received and in what is settled."""
    given, own = scene.given, scene.own
    if scene.known.price is None or own is None or own.cost.total_bp is None:
        return
    gross = scene.quantity * scene.known.price * (1 - own.drawn.course.unsold)
    net = gross * (1 - own.cost.total_bp / float(BP))
    told = f"{words.fixed(net, 2)} {given.leg.buy} after fees and expected costs"
    if given.worth is not None:
        worth = given.worth
        told += f", {words.fixed(net * float(worth.rate), 2)} {worth.currency} at {worth.source}"
        if (off := at_par_error_bp(worth.mid)) != 0:
            told += f"; at par it would look {words.bp(abs(off))} bp {'better' if off > 0 else 'worse'} than by the mid"
    yield "proceeds", told
    if given.onward:
        yield "the leg after it", given.onward


def _orders(scene: Scene, found: Orders) -> Iterator[Line]:
    leg = scene.given.leg
    sizes = f", {trimmed(min(found.sizes))} to {trimmed(max(found.sizes))} {leg.sell}" if found.sizes else ""
    there = ", ".join(f"{words.percent(float(o.part))} % at {o.instrument.venue}" for o in scene.outlets if o.part)
    yield "orders", f"{len(found.sizes)}{sizes}, one a slice, as though each were filled at once; {there}"
    fees = f"{plain(found.fees.quantize(Decimal('0.01')))} {leg.buy}"
    if found.floored:
        fees += f"; {found.floored} orders cost the venue's least fee, which is more than its rate"
    yield "fees", fees
    if found.carried:
        waits = words.span(found.longest * _slice(scene))
        yield (
            "below a minimum",
            f"{found.carried} slices are too small alone and go with a later one, at most {found.longest} in a row "
            f"({waits})",
        )
    residue = f"{trimmed(found.residue)} {leg.sell}" if found.residue else "none"
    yield "residue", f"{residue}, of lots of {trimmed(leg.lot)}" if found.residue else residue


def _preview(scene: Scene, found: Orders) -> Iterator[Line]:
    """What the largest slice would bring now, by the books as they are shown."""
    given, price = scene.given, scene.known.price
    books = {str(view.venue): [(bid.price, bid.size) for bid in view.bids] for view in given.views if view.bids}
    if not books or not found.sizes or price is None:
        return
    largest = max(found.sizes)
    swept = sor_sweep(largest, books, {str(v): given.capabilities[v].taker_fee * BP for v in given.capabilities})
    if swept.filled < largest:
        yield "the largest slice now", f"the books shown take {trimmed(swept.filled)} of its {trimmed(largest)}"
        return
    under = (1 - float(swept.net_avg) / price) * float(BP)
    told = f"{trimmed(largest)} {given.leg.sell} into the books shown: {words.bp(under)} bp under the mid, after rates"
    if len(books) > 1:
        told += f"; {words.bp(float(swept.saving_bp))} bp better than at {swept.best_single} alone"
    yield "the largest slice now", told


def _slice(scene: Scene) -> int:
    return scene.given.leg.window // max(len(scene.bins), 1)


def _opinions(scene: Scene) -> Iterator[Line]:
    """Others' estimates of the same cost; they are told beside the table, and not mixed into it."""
    impact, known, days = scene.given.impact, scene.known, scene.given.leg.window / DAY
    if impact is None or scene.quantity <= 0:
        return
    market = impact.market
    second = athl_impact(scene.quantity, market.volume_daily, 0.0, market.sigma_daily, days)
    yield (
        "second opinion on impact",
        f"{words.bp(second.temporary_bp)} bp for an even sale over the window, by the estimate for shares of 2005 "
        "(temporary part)",
    )
    posed = scene.posed
    if posed is None or not posed.sigma:
        return
    least, scale = ac_lvar(posed, WEIGHT), float(BP / impact.price) / scene.quantity
    worst = (least.cost + CERTAINTY * least.deviation) * scale
    yield (
        "least value at risk",
        f"{words.bp(worst)} bp before fees in 95 of 100 cases, with linear impact: {words.bp(least.cost * scale)} bp "
        f"expected and {words.bp(least.deviation * scale)} bp of deviation; half of it is sold after "
        f"{words.span(_half(least.holdings, scene))} of open time",
    )
    liked, traded = aversion(scene.given, posed), sum(each.volume for each in scene.bins)
    if liked is not None and liked[0] > 0 and traded > 0 and known.volume_daily:
        open_days = sum(each.open for each in scene.bins)
        best = best_rate(market, scene.quantity, traded, open_days, liked[0])
        rate = scene.given.leg.schedule.parameters.get("rate")
        beside = f", and {float(rate):.2%} is configured".replace("%", " %") if rate is not None else ""
        had = "" if best.rate < 1 else "; it can't be had, since waiting risks more than any trading costs"
        yield (
            "best constant share",
            f"{words.percent(best.rate)} % of all volume by Guéant's rule (lambda {liked[0]:.3g}){beside}{had}",
        )


def _half(holdings: tuple[float, ...], scene: Scene) -> int:
    index = next(i for i, held in enumerate(holdings) if held <= holdings[0] / 2)
    return index * _slice(scene)


def _jitter(scene: Scene) -> Iterator[Line]:
    """What irregular times and sizes do to the average price."""
    parameters, sigma = scene.given.leg.schedule.parameters, scene.known.sigma_daily
    width, band = float(parameters.get("time_jitter", "0")), float(parameters.get("size_jitter", "0"))
    count = len(scene.bins)
    if sigma is None or count < 2 or not (width or band):
        return
    half = width * _slice(scene) / DAY / 2
    found = jitter(count, _concentration(count, band), sigma, half)
    varies = f"; a slice's share varies by {words.fixed(100 * found.size_deviation, 3)} % of the whole"
    yield (
        "jitter",
        f"moves the average by {words.bp(found.timing_deviation_bp)} bp (one deviation) and costs nothing on average"
        f"{varies if band else ''}",
    )


def _concentration(slices: int, band: float) -> float:
    """Of the Dirichlet law whose slices vary as much as ours, whose running sum is moved within a band.

    A slice lies between two independent draws from -band to band, so its deviation is band sqrt(2 / 3).
    """
    deviation = band * sqrt(2 / 3)
    if not deviation:
        return inf
    return max(((slices - 1) / (slices * deviation) ** 2 - 1) / slices, 1e-9)


def _waiting(scene: Scene) -> Iterator[Line]:
    leg, own = scene.given.leg, scene.own
    if own is None or own.orders is None or not own.orders.sizes:
        return
    slice_ = float(Fraction(sum(own.orders.sizes)) / len(own.orders.sizes))
    told = advice(
        leg.tactic, slice_, Span(_slice(scene)), scene.given.views, scene.given.capabilities, scene.known.venues
    )
    if told:
        yield "waiting", told
