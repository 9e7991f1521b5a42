"""The read model of one patient: dense arrays, states and everything a kernel needs to know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from truncal.ccf.absent import Absent, not_called_tables
from truncal.ccf.likelihood import MOST_OVERDISPERSED, NEGLIGIBLE, row_constants
from truncal.ccf.observations import UNEXPLAINED, Observations
from truncal.ccf.order import canonical_order
from truncal.copynumber.states import States, copy_number_states, settled, whole_numbers_tested

READS, NOTHING = -1, -2
"""Values of `Rows.table`: reads were counted; nothing is known. Others are rows of the not-called tables."""


class Rows(NamedTuple):
    """Arrays (N, S) of the reads and what turns mutated copies into a frequency; see `likelihood`.

    overdispersion: of the sample, with what the error of the total copy number adds. table: (N, S) int64,
    `READS`, `NOTHING` or a row of `tables` (T, U). unlisted: (N, S) int64, the row of `tables` with the
    chance that the sample does not list such a site, −1 where that tells nothing.
    """

    alt: np.ndarray
    depth: np.ndarray
    scale: np.ndarray
    error: np.ndarray
    overdispersion: np.ndarray
    whole: np.ndarray
    floor: np.ndarray
    table: np.ndarray
    unlisted: np.ndarray
    tables: np.ndarray


@dataclass(frozen=True)
class Sites:
    """Dense copy of the observations, arrays (N, S); copies_error: standard deviation of each allele's
    copies. total_only: whether the minor copy number is unknown; `major` holds the total there."""

    alt: np.ndarray
    depth: np.ndarray
    called: np.ndarray
    major: np.ndarray
    minor: np.ndarray
    normal: np.ndarray
    purity: np.ndarray
    error: np.ndarray
    total_only: np.ndarray
    copies_error: np.ndarray


@dataclass(frozen=True)
class ReadModel:
    """Reads, states and settings of one patient; `rows` and `states` are what the kernels take.

    copy_number_error: standard deviation of the mean copy numbers; 0 where all are whole numbers. copies:
    major and minor copies as given, and where only their sum is. order: where the input's mutations and
    samples stand (see `order`). error_factor: (S,) error rates as multiples of the given ones.
    """

    sites: Sites
    states: States
    rows: Rows
    copy_number_error: float
    absent: Absent
    ceiling: np.ndarray
    overdispersion: np.ndarray
    copies: tuple[np.ndarray, np.ndarray, np.ndarray]
    all_copies: float
    order: tuple[np.ndarray, np.ndarray]
    error_factor: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """(mutations, samples)."""
        return self.sites.alt.shape

    def with_samples(
        self, overdispersion: np.ndarray, purity_factor: np.ndarray, error_factor: np.ndarray
    ) -> ReadModel:
        """The same with other overdispersions (S,), and purities and error rates times (S,) factors."""
        sites = replace(self.sites, error=self.sites.error * (error_factor / self.error_factor))
        rows = _rows(sites, self.absent, overdispersion, purity_factor)
        return replace(
            self,
            sites=sites,
            rows=rows,
            ceiling=row_ceiling(rows),
            overdispersion=overdispersion,
            error_factor=error_factor,
        )

    def subset(self, chosen: np.ndarray) -> ReadModel:
        """The model of some mutations (indices)."""
        rows = self.rows
        names = [name for name in rows._fields if name != "tables"]
        kept = rows._replace(**{name: np.ascontiguousarray(getattr(rows, name)[chosen]) for name in names})
        return replace(
            self,
            sites=Sites(*(value[chosen] for value in vars(self.sites).values())),
            states=take_states(self.states, chosen),
            rows=kept,
            ceiling=self.ceiling[chosen],
            copies=(self.copies[0][chosen], self.copies[1][chosen], self.copies[2][chosen]),
        )

    def with_all_copies(self, prior: float) -> ReadModel:
        """The same with another prior of mutations on all copies of an allele, away from the trunk."""
        major, minor, total_only = self.copies
        states = copy_number_states(major, minor, self.copy_number_error, prior, total_only)
        return replace(self, states=states, all_copies=prior)


def take_states(states: States, chosen: np.ndarray) -> States:
    """States of some mutations (indices)."""
    trunk, trunk_start = taken_rows(states.trunk_start, chosen)
    branch, branch_start = taken_rows(states.branch_start, chosen)
    return States(
        trunk_start,
        states.trunk_u[trunk],
        states.trunk_log_weight[trunk],
        states.trunk_kind[trunk],
        branch_start,
        states.branch_change[branch],
        states.branch_log_weight[branch],
        states.branch_kind[branch],
        states.doubled,
    )


def taken_rows(start: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the chosen sites, and where each site's begin among them."""
    sizes = start[chosen + 1] - start[chosen]
    begin = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return np.arange(begin[-1]) - np.repeat(begin[:-1], sizes) + np.repeat(start[chosen], sizes), begin


def read_model(
    observations: Observations,
    *,
    absent: Absent,
    copy_number_error: float = 0.05,
    overdispersion: float = 1e-3,
    all_copies: float = 0.003,
) -> ReadModel:
    """Set up the read model; mean copy numbers with fractions are taken to have the given error.

    all_copies: prior that a branch mutation sits on all copies of its allele.
    """
    sites = dense(observations)
    order = canonical_order(
        (sites.alt, sites.depth, sites.major, sites.minor, sites.purity, sites.normal, sites.total_only)
    )
    sites = Sites(*(np.ascontiguousarray(value[order[0]][:, order[1]]) for value in vars(sites).values()))
    observed = sites
    both = np.stack([sites.major, sites.minor])
    whole = both == np.round(both)
    error = 0.0 if whole.all() else copy_number_error
    states = copy_number_states(sites.major, sites.minor, error, all_copies, sites.total_only)
    if whole_numbers_tested(both):
        uncertain = ~whole.all(axis=0)
    else:
        uncertain = np.ones(sites.major.shape, dtype=bool)
        sites = replace(sites, major=settled(sites.major, error), minor=settled(sites.minor, error))
    given = (observed.major, observed.minor, observed.total_only)
    sites = replace(sites, copies_error=error * uncertain)
    samples = sites.alt.shape[1]
    each = np.full(samples, overdispersion)
    rows = _rows(sites, absent, each, np.ones(samples))
    return ReadModel(
        sites,
        states,
        rows,
        error,
        absent,
        row_ceiling(rows),
        each,
        given,
        all_copies,
        order,
        np.ones(samples),
    )


def dense(data: Observations) -> Sites:
    """Observations as arrays (N, S)."""
    n, s = data.shape
    called = np.zeros((n, s), dtype=bool)
    filled = {}
    for name in ("major", "minor", "normal", "purity", "error"):
        filled[name] = np.zeros((n, s))
    filled["total_only"] = np.zeros((n, s), dtype=bool)
    alt, depth = np.zeros((n, s)), np.zeros((n, s))
    rows = data.called
    called[rows.mutation, rows.sample] = True
    alt[rows.mutation, rows.sample], depth[rows.mutation, rows.sample] = data.alt, data.depth
    for part in (data.called, data.not_called):
        if not len(part):
            continue
        major, minor = part.mean_copies()
        # one allele may have all the copies, where the other's are unknown
        major, minor = np.where(part.total_only, part.total, major), np.where(part.total_only, 0.0, minor)
        for name, values in (
            ("major", major),
            ("minor", minor),
            ("normal", part.normal),
            ("purity", part.purity),
            ("error", part.error),
            ("total_only", part.total_only),
        ):
            filled[name][part.mutation, part.sample] = values
    return Sites(alt, depth, called, **filled, copies_error=np.zeros((n, s)))


def _rows(sites: Sites, absent: Absent, overdispersion: np.ndarray, purity_factor: np.ndarray) -> Rows:
    purity = np.minimum(sites.purity * purity_factor, 1.0)
    alleles = purity * (sites.major + sites.minor) + (1 - purity) * sites.normal
    alleles = np.maximum(alleles, 1e-3)
    scale = purity / alleles
    spread = (purity * np.sqrt(2.0) * sites.copies_error / alleles) ** 2
    missing = not_called_tables(
        sites.called, sites.alt, sites.depth, scale, sites.error, overdispersion, absent
    )
    table = np.where(sites.called & (sites.depth == 0), NOTHING, missing.table)
    # the total's error widens the frequency in proportion to itself: v²·spread over v(1 − v)
    v = np.clip((sites.alt + 0.5) / (sites.depth + 1), 0.0, 0.9)
    row_overdispersion = np.minimum(overdispersion + spread * v / (1 - v), MOST_OVERDISPERSED)
    row_overdispersion = np.where(row_overdispersion * sites.depth < NEGLIGIBLE, 0.0, row_overdispersion)
    whole, flat = row_constants(sites.alt, sites.depth, row_overdispersion)
    floor = np.log(UNEXPLAINED) + flat
    return Rows(
        sites.alt, sites.depth, scale, sites.error, row_overdispersion, whole, floor, table,
        missing.unlisted, missing.values,
    )  # fmt: skip


def row_ceiling(rows: Rows) -> np.ndarray:
    """Highest log-likelihood (N, S) that any frequency can give a row."""
    alt, ref = rows.alt, rows.depth - rows.alt
    inside = (rows.table == READS) & (alt > 0) & (ref > 0)
    share = np.where(inside, alt / np.maximum(rows.depth, 1), 0.5)
    return np.where(inside, alt * np.log(share) + ref * np.log1p(-share), 0.0)


def flat_log_likelihood(rows: Rows) -> np.ndarray:
    """Log-likelihood (N, S) of a row whose frequency may be anything."""
    return rows.floor - np.log(UNEXPLAINED)
