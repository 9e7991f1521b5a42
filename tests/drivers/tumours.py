"""Small hand-made tumours for the tests of the drivers step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from truncal.drivers.alleles import parse_allele
from truncal.drivers.rules import Variant
from truncal.drivers.trees import Clones
from truncal.drivers.tumour import CCF_COLUMNS, Sample, Tumour
from truncal.sheet.settings import load_settings

SETTINGS = load_settings(None)


def variant(allele: str | None = None, **annotation: str | None) -> Variant:
    """A record with an allele `7:55259515:T>G` and its annotation."""
    return Variant(parse_allele(allele) if allele else None, **annotation)


def clones(tree: dict[int, int], dcf: Sequence[Sequence[float]]) -> Clones:
    """One certain tree; DCF (K, S) with narrow intervals."""
    values = np.array(dcf, dtype=float)
    return Clones(
        sorted(tree),
        values,
        np.clip(values - 0.03, 0, 1),
        np.clip(values + 0.03, 0, 1),
        np.full(len(values), 20.0),
        [(1.0, tree)],
    )


def tumour(
    variants: Sequence[Variant],
    ccf: Sequence[Sequence[float]],
    *,
    cluster: Sequence[int],
    tree: dict[int, int] | None = None,
    dcf: Sequence[Sequence[float]] | None = None,
    depth: int = 200,
    purity: float = 0.8,
    minor: float = 1.0,
    total: float = 2.0,
    samples: Sequence[Sample] | None = None,
    build: str = "GRCh38",
    **more: Any,
) -> Tumour:
    """A diploid tumour whose reads are what the CCF (N, S) predicts, rounded."""
    fraction = np.array(ccf, dtype=float)
    n, s = fraction.shape
    scale = np.full((n, s), purity / (purity * total + 2 * (1 - purity)))
    alt = np.round(depth * fraction * scale)
    tree = tree or {1: 0}
    if dcf is None:
        dcf = [
            fraction[[i for i, own in enumerate(cluster) if own == clone]].mean(axis=0)
            if clone in cluster
            else np.zeros(s)
            for clone in sorted(tree)
        ]
    ones = np.ones((n, s))
    columns = {name: np.full((n, s), np.nan) for name in CCF_COLUMNS}
    columns |= {"ccf": fraction, "ccf_low": np.clip(fraction - 0.05, 0, 1)}
    columns |= {"ccf_high": np.clip(fraction + 0.05, 0, 1), "fraction_lost": np.zeros((n, s))}
    clonal = (fraction >= 0.95).all(axis=1)
    fields: dict[str, Any] = {
        "mutation_ids": [f"m{i}" for i in range(n)],
        "samples": list(
            samples or [Sample(f"R{i + 1}", purity=purity, median_depth=depth) for i in range(s)]
        ),
        "variants": list(variants),
        "alt": alt,
        "depth": ones * depth,
        "called": ones.astype(bool),
        "total": ones * total,
        "minor": ones * minor,
        "normal": ones * 2,
        "scale": scale,
        "error": ones * 0.001,
        "precision": np.full(s, np.inf),
        "purity_factor": np.ones(s),
        "normal_alt": np.full(n, np.nan),
        "normal_depth": np.full(n, np.nan),
        "cluster": np.array(cluster),
        "cluster_probability": np.ones(n),
        "outlier_probability": np.zeros(n),
        "p_truncal": np.array([float(own == 1) for own in cluster]),
        "p_clonal": np.where(clonal, 0.97, 0.01),
        "p_next_region": np.where(clonal, 0.9, 0.01),
        "ccf": columns,
        "clones": clones(tree, dcf),
        "build": build,
    }
    return Tumour(**(fields | more))


def write_table(path: Path, header: str, rows: Sequence[Sequence[object]]) -> Path:
    """A TSV with this header (blank-separated names)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["\t".join(header.split()), *("\t".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
