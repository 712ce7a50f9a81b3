"""The contracts of the science page over our own functions: inputs and outputs by the names that the page gives them.

To add one: a function below, and a line in `CONTRACTS`. Only what a schedule, tactic, router or plan uses is here.
"""

# ruff: noqa: N803 - arguments have the page's names

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any, Final

from engine.kernel.money import EXACT
from engine.science import (
    almgren_chriss,
    impact,
    limit_split,
    participation,
    placement,
    routing,
    slicing,
    stable,
    volume,
)

Outputs = dict[str, Any]


def exact(number: float) -> Decimal:
    """A number of the page, whose examples are JSON, as the decimal that it was meant to be."""
    return Decimal(repr(number))


def sale(
    X: float,
    T: float,
    N: int,
    sigma: float,
    gamma: float,
    eta: float,
    eps: float,
) -> almgren_chriss.Sale:
    return almgren_chriss.Sale(quantity=X, horizon=T, slices=N, sigma=sigma, gamma=gamma, eta=eta, eps=eps)


def ac_plan(lam: float, alpha: float = 0.0, **market: Any) -> Outputs:
    plan = almgren_chriss.ac_plan(sale(**market), lam, alpha)
    return {
        "kappa_tilde": plan.kappa_tilde,
        "kappa": plan.kappa,
        "half_life": plan.half_life,
        "x": list(plan.holdings),
        "n": list(plan.trades),
        "E": plan.cost,
        "V": plan.variance,
        "sd": plan.deviation,
        "U": plan.objective,
        "xbar": plan.drift_stock,
    }


def ac_frontier(lams: Sequence[float], **market: Any) -> Outputs:
    return {"points": [list(point) for point in almgren_chriss.ac_frontier(sale(**market), lams)]}


def ac_lvar(lambda_v: float, **market: Any) -> Outputs:
    plan = almgren_chriss.ac_lvar(sale(**market), lambda_v)
    return {
        "lam": plan.risk_aversion,
        "E": plan.cost,
        "sd": plan.deviation,
        "lvar": plan.cost + lambda_v * plan.deviation,
        "x1": plan.holdings[1],
    }


def largest_remainder(Q: float, weights: Sequence[float], lot: float) -> Outputs:
    parts = slicing.largest_remainder(exact(Q), [exact(weight) for weight in weights], exact(lot))
    return {"slices": [float(part) for part in parts]}


def jitter(N: int, conc: float, sigma_per_sqrt_s: float, half_window_s: float) -> Outputs:
    found = slicing.jitter(N, conc, sigma_per_sqrt_s, half_window_s)
    return {"sd_weight": found.size_deviation, "timing_sd_bp": found.timing_deviation_bp}


def pov_children(rho: float, Q: float, external: Sequence[float]) -> Outputs:
    children = participation.pov_children(rho, Q, external)
    return {"children": list(children), "done": sum(children)}


def gueant_pov(q0: float, V: float, sigma: float, gamma: float, eta: float, phi: float) -> Outputs:
    found = participation.gueant_pov(q0, V, sigma, gamma, eta, phi)
    return {
        "rho": found.rate,
        "exec_cost": found.execution_cost,
        "risk_cost": found.risk_cost,
        "T": found.duration,
    }


def sqrt_impact(Y: float, sigma_daily: float, Q: float, V: float, delta: float = 0.5) -> Outputs:
    found = impact.sqrt_impact(Y, sigma_daily, Q, V, delta)
    return {"peak_bp": found.peak_bp, "avg_cost_bp": found.average_bp, "cost_fraction": found.average_bp / 10_000}


def athl_impact(X: float, V: float, theta: float, sigma_daily: float, T: float) -> Outputs:
    found = impact.athl_impact(X, V, theta, sigma_daily, T)
    return {"I_bp": found.permanent_bp, "K_bp": found.temporary_bp, "J_bp": found.cost_bp}


def vwap_dynamic(
    Q: float, seasonal: Sequence[float], realised: Sequence[float], rho: float, s2: float = 0.0
) -> Outputs:
    found = volume.vwap_dynamic(Q, seasonal, realised, rho, s2)
    return {
        "static": list(found.static),
        "remaining_fraction": list(found.remaining_fraction),
        "cumulative_target": list(found.cumulative_target),
    }


def vwap_losses(
    alloc: Sequence[Sequence[float]], vol: Sequence[Sequence[float]], price: Sequence[Sequence[float]]
) -> Outputs:
    found = volume.vwap_losses(alloc, vol, price)
    return {
        "slippage_bp": list(found.slippage_bp),
        "absolute_loss": found.absolute,
        "quadratic_loss": found.quadratic,
        "volume_curve_loss": found.curve,
    }


def usd_leg(px_usdt: float, side: int, usdt_books: Mapping[str, Mapping[str, float]], fee_bp: float) -> Outputs:
    """In decimals, as the product counts."""
    books = [(exact(book["bid"]), exact(book["ask"])) for book in usdt_books.values()]
    with localcontext(EXACT):
        leg = stable.usd_leg(exact(px_usdt), side, books, exact(fee_bp))
    return {
        "usdt_usd_mid": leg.mid,
        "usdt_usd_exec": leg.executable,
        "usd_price": leg.price,
        "usd_at_par_error_bp": stable.at_par_error_bp(float(leg.mid)),
    }


def stable_guard(x_bp: Sequence[float], v0: float, **rules: Any) -> Outputs:
    after = stable.stable_guard(x_bp, stable.GuardRules(variance_min=v0, **rules))
    return {"z": [guard.z for guard in after], "level": [guard.level for guard in after]}


def passive_cross(**costs: float) -> Outputs:
    found = placement.passive_cross(**costs)
    return {"cost_bp": found.cost_bp, "cross_now_bp": found.cross_now_bp, "breakeven_p": found.breakeven_p}


def fill_prob(n_ahead: int, mu: float, th: float, T: float) -> Outputs:
    return {"p": placement.fill_prob(n_ahead, mu, th, T)}


def sor_sweep(Q: float, books: Mapping[str, Any], fees_bp: Mapping[str, float]) -> Outputs:
    """In decimals, as the product counts."""
    bids = {venue: [(exact(price), exact(size)) for price, size in book] for venue, book in books.items()}
    found = routing.sor_sweep(exact(Q), bids, {venue: exact(fee) for venue, fee in fees_bp.items()})
    return {
        "alloc": found.alloc,
        "filled": found.filled,
        "gross_avg": found.gross_avg,
        "net_avg": found.net_avg,
        "best_single": found.best_single,
        "best_single_net_avg": found.best_single_net_avg,
        "saving_bp": found.saving_bp,
    }


def split_convex(Q: float, fee: Sequence[float], a: Sequence[float], expo: float) -> Outputs:
    found = routing.split_convex(Q, fee, a, expo)
    return {
        "q": list(found.q),
        "marginal": found.marginal,
        "cost": found.cost,
        "best_single_cost": found.best_single_cost,
        "saving_fraction": found.saving_fraction,
    }


def ck_multi(
    S: float,
    Q: Sequence[float],
    h: float,
    f: float,
    r: Sequence[float],
    theta: float,
    lam_u: float,
    lam_o: float,
    means: Sequence[float],
) -> Outputs:
    case = limit_split.LimitMarket(
        quantity=S,
        half_spread=h,
        taker_fee=f,
        rebates=tuple(r),
        impact=theta,
        underfill=lam_u,
        overfill=lam_o,
        queues=tuple(Q),
        outflows=tuple(means),
    )
    found = limit_split.ck_multi(case)
    return {
        "M": found.market,
        "L": list(found.limits),
        "cost": found.cost,
        "cost_all_market": found.cost_all_market,
        "cost_best_single": found.cost_best_single,
        "p_short_foc": found.short_chance,
    }


CONTRACTS: Final[dict[str, Callable[..., Outputs]]] = {
    "ac_plan": ac_plan,
    "ac_frontier": ac_frontier,
    "ac_lvar": ac_lvar,
    "largest_remainder": largest_remainder,
    "jitter": jitter,
    "pov_children": pov_children,
    "gueant_pov": gueant_pov,
    "vwap_dynamic": vwap_dynamic,
    "vwap_losses": vwap_losses,
    "sqrt_impact": sqrt_impact,
    "athl_impact": athl_impact,
    "usd_leg": usd_leg,
    "stable_guard": stable_guard,
    "passive_cross": passive_cross,
    "fill_prob": fill_prob,
    "sor_sweep": sor_sweep,
    "split_convex": split_convex,
    "ck_multi": ck_multi,
}
