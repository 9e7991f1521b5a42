"""Overdispersion of Pairtree's counts, and what it does to the evidence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from truncal.phylogeny.dispersion import effective, overdispersion
from truncal.phylogeny.inputs import read_ssm


def reads(seed: int, omega: float, size: int = 30, depth: int = 300) -> tuple[np.ndarray, ...]:
    """Counts of three clusters in four samples, their expected frequencies, clusters and fitted DCFs."""
    generator = np.random.default_rng(seed)
    phi = generator.uniform(0.1, 0.9, (3, 4))
    label = np.repeat(np.arange(3), size)
    total = generator.poisson(depth, (3 * size, 4)) + 1
    share = generator.choice([0.5, 0.4], (3 * size, 1)) * np.ones((1, 4))
    p = share * phi[label]
    if omega > 0:
        p = generator.beta(p * (1 / omega - 1), (1 - p) * (1 / omega - 1))
    alt = generator.binomial(total, p)
    fitted = np.stack(
        [alt[label == k].sum(axis=0) / (total * share)[label == k].sum(axis=0) for k in range(3)]
    )
    return alt.astype(float), total.astype(float), share, label, fitted


@pytest.mark.parametrize("omega", [0.001, 0.005, 0.02])
def test_finds_what_was_simulated(omega: float) -> None:
    found = [overdispersion(*reads(seed, omega)) for seed in range(40)]
    assert np.mean(found) == pytest.approx(omega, rel=0.1)
    assert min(found) > 0.1 * omega


def test_binomial_reads_are_not_overdispersed() -> None:
    found = [overdispersion(*reads(seed, 0.0)) for seed in range(20)]
    assert max(found) < 0.001
    assert min(found) == 0.0


def test_single_mutations_and_no_reads_tell_nothing() -> None:
    alt, total, share, _, _ = reads(1, 0.01, size=1)
    assert overdispersion(alt, total, share, np.arange(3), alt / total / share) == 0.0
    none = np.zeros((4, 2))
    assert overdispersion(none, none, none + 0.5, np.zeros(4, dtype=int), np.zeros((1, 2))) == 0.0


def test_effective_reads_have_the_overdispersed_variance() -> None:
    """Counts worth d' reads have the variance p(1 − p)/d' that overdispersed ones at depth d have."""
    generator = np.random.default_rng(3)
    p = generator.beta(0.3 * 199, 0.7 * 199, 200_000)
    share = generator.binomial(500, p) / 500
    worth = float(effective(np.array(500.0), np.array(500.0), 0.005))
    assert share.var() == pytest.approx(0.3 * 0.7 / worth, rel=0.02)


def test_evidence_of_overdispersed_counts_is_wider(tmp_path: Path) -> None:
    widths = []
    for omega in (0.0, 0.02):
        alt, total, share, label, _ = reads(2, omega)
        rows = ["id\tname\tvar_reads\ttotal_reads\tvar_read_prob"]
        for n in range(len(alt)):
            parts = (",".join(f"{value:g}" for value in part[n]) for part in (alt, total, share))
            rows.append("\t".join([f"s{n}", f"s{n}", *parts]))
        ssm, clusters = tmp_path / "t.ssm", tmp_path / "t.json"
        ssm.write_text("\n".join(rows) + "\n")
        groups = [[f"s{n}" for n in np.flatnonzero(label == k)] for k in range(3)]
        clusters.write_text(json.dumps({"samples": list("abcd"), "clusters": groups}))
        data = read_ssm(ssm, clusters, 0.0)
        widths.append(np.sqrt(data.evidence.moments[..., 1]).mean())
        assert data.alt.sum() == alt.sum()
    assert widths[1] > 1.5 * widths[0]
