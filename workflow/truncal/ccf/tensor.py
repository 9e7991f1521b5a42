"""The tensor log p(reads | DCF) of shape (mutations, samples, grid) that everything downstream works on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from truncal.ccf.absent import Absent, not_called_log_likelihood
from truncal.ccf.likelihood import grid_log_likelihood, precision_log_likelihood, state_summary
from truncal.ccf.observations import Observations, Sites
from truncal.copynumber.states import StateTable, state_table

PRECISIONS = np.array([25.0, 50, 100, 200, 400, 800, 1600, 3200, 1e8])
"""Candidate beta-binomial precisions of a sample; the last is the binomial limit."""


@dataclass(frozen=True)
class ReadModel:
    """Observations with their copy-number states, ready to be evaluated on a grid (G,) of DCF."""

    observations: Observations
    grid: np.ndarray
    states: StateTable
    absent_states: StateTable
    absent: Absent

    def tensor(self, precision: np.ndarray) -> np.ndarray:
        """Log-likelihood (N, S, G) for per-sample beta-binomial precisions (S,).

        Each (mutation, sample) row is relative to its maximum; a pair that says nothing is flat at 0.
        """
        data = self.observations
        out = np.zeros((*data.shape, len(self.grid)))
        rows = data.called
        out[rows.mutation, rows.sample] = grid_log_likelihood(
            data.alt,
            data.depth,
            rows.scale,
            rows.error,
            precision[rows.sample],
            self.states.index,
            self.states.start,
            self.states.values,
            self.grid,
        )
        out[rows.mutation[data.depth == 0], rows.sample[data.depth == 0]] = 0.0
        missing = data.not_called
        if self.absent.model == "censored" and len(missing):
            out[missing.mutation, missing.sample] = not_called_log_likelihood(
                data, self.absent, self.absent_states, precision, self.grid
            )
        return out

    def fit_precision(self, dcf: np.ndarray, use: np.ndarray) -> np.ndarray:
        """Maximum-likelihood precision of each sample (S,) given DCFs (N, S) of the mutations in `use` (N,).

        Samples with fewer than ten informative mutations take the median of the others.
        """
        data = self.observations
        rows = data.called
        scores = precision_log_likelihood(
            data.alt,
            data.depth,
            rows.scale,
            rows.error,
            PRECISIONS,
            dcf[rows.mutation, rows.sample],
            self.states.index,
            self.states.start,
            self.states.values,
        )
        informative = use[rows.mutation] & (data.depth > 0) & (dcf[rows.mutation, rows.sample] > 0.02)
        fitted = np.full(data.shape[1], np.nan)
        for sample in range(data.shape[1]):
            chosen = informative & (rows.sample == sample)
            if chosen.sum() >= 10:
                fitted[sample] = PRECISIONS[scores[chosen].sum(axis=0).argmax()]
        fallback = np.nanmedian(fitted) if np.isfinite(fitted).any() else DEFAULT_PRECISION
        return np.where(np.isnan(fitted), fallback, fitted)

    def summarise(
        self, posterior: np.ndarray, precision: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """CCF, mutated copies and P(no loss), each (N, S), and the CCF's distribution (N, S, G).

        posterior: (N, S, G), the DCF's distribution of each mutation in each sample.
        """
        data = self.observations
        n, s = data.shape
        summary = np.zeros((n, s, 3))
        spread = np.zeros((n, s, len(self.grid)))
        none = np.zeros(len(data.not_called))
        for rows, states, alt, depth in (
            (data.called, self.states, data.alt, data.depth),
            (data.not_called, self.absent_states, none, none),
        ):
            if not len(rows):
                continue
            values, distribution = state_summary(
                alt,
                depth,
                rows.scale,
                rows.error,
                precision[rows.sample],
                states.index,
                states.start,
                states.values,
                self.grid,
                posterior[rows.mutation, rows.sample],
            )
            summary[rows.mutation, rows.sample] = values
            spread[rows.mutation, rows.sample] = distribution
        return summary[..., 0], summary[..., 1], summary[..., 2], spread


DEFAULT_PRECISION = 400.0
"""Where the data can't say: about what exome panels of normals show."""


def read_model(
    observations: Observations, *, grid: int = 101, loss_prior: float = 0.05, absent: Absent
) -> ReadModel:
    """Set up the read model on a uniform grid of `grid` points on 0..1."""
    minors = _largest_minor(observations)
    return ReadModel(
        observations,
        np.linspace(0.0, 1.0, grid),
        _states(observations.called, minors, loss_prior),
        _states(observations.not_called, minors, loss_prior),
        absent,
    )


def _largest_minor(data: Observations) -> np.ndarray:
    """Largest minor copy number of any sample at each mutation, (N,)."""
    largest = np.zeros(data.shape[0])
    for rows in (data.called, data.not_called):
        np.maximum.at(largest, rows.mutation, rows.minor)
    return largest


def _states(rows: Sites, minors: np.ndarray, loss_prior: float) -> StateTable:
    fewer = rows.minor < minors[rows.mutation] - 0.3
    return state_table(
        rows.major, rows.minor, rows.major_2, rows.minor_2, rows.fraction_2, fewer, loss_prior
    )
