"""Numbers and codes in the words of the page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

ROLES = {
    "on_target_resistance": "on-target resistance",
    "bypass": "bypass resistance",
    "downstream": "downstream resistance",
    "sensitising_driver": "drug target",
    "transformation": "transformation marker",
    "metabolic": "metabolic",
    "co_driver_modifier": "co-driver",
}
ROLE_ORDER = list(ROLES)
HEADERS = {
    "event_id": "event",
    "event_a": "event A",
    "event_b": "event B",
    "sample_id": "sample",
    "sample_before": "before",
    "sample_after": "after",
    "cluster_id": "clone",
    "ccf_limit_before": "CCF limit before",
    "p_pre_existing": "P(pre-existing)",
    "p_acquired": "P(acquired)",
    "p_cis": "P(cis)",
    "n_both": "both",
    "n_a_only": "A only",
    "n_b_only": "B only",
    "n_neither": "neither",
}
PLACES = {"trunk": "Trunk", "branch": "Branch", "unsure": "Undecided"}
MISSING = "–"


def probability(value: float | None) -> str:
    """A probability with two decimals, never rounded to 0 or 1."""
    if value is None:
        return MISSING
    if value > 0.99:
        return "> 0.99"
    if value < 0.01:
        return "< 0.01"
    return f"{value:.2f}"


def percent(value: float | None, digits: int = 0) -> str:
    """A share in per cent, never rounded to 0 or 100."""
    if value is None:
        return MISSING
    if 0 < value < 0.5 / 10 ** (digits + 2):
        return f"< {10**-digits:g} %"
    if 1 - 0.5 / 10 ** (digits + 2) <= value < 1:
        return f"> {100 - 10**-digits:g} %"
    return f"{100 * value:.{digits}f} %"


def fraction(value: float | None) -> str:
    """A CCF or purity with two decimals."""
    return MISSING if value is None or value != value else f"{value:.2f}"


def plain(value: Any) -> str:
    """A cell's value as text: whole numbers without decimals, floats with four digits, `–` for missing."""
    if value is None or value == "":
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 clone`, `3 clones`, `no clones`."""
    plural = many or f"{one}s"
    return f"{number or 'no'} {one if number == 1 else plural}"


def capital(text: str) -> str:
    """The text with its first letter upper case."""
    return text[:1].upper() + text[1:]


def span(values: Iterable[float | None]) -> str:
    """Least and greatest of some numbers, `–` if none is known."""
    known = [value for value in values if value is not None]
    if not known:
        return MISSING
    low, high = fraction(min(known)), fraction(max(known))
    return low if low == high else f"{low}–{high}"


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, the last an ellipsis where some were cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def listed(value: str | None) -> list[str]:
    """Parts of a cell that joins them by `;`."""
    return [part.strip() for part in (value or "").split(";") if part.strip()]


def role(value: str | None) -> str:
    """Role of a driver in words."""
    return ROLES.get(value or "", (value or "").replace("_", " "))


def spaced(value: str | None) -> str:
    """A code as words."""
    return (value or MISSING).replace("_", " ")
