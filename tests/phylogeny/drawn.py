"""Pairtree's input with clusters, drawn from known DCFs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

TREE = np.array(
    [
        [1.0, 1.0, 1.0, 1.0, 1.0],
        [0.6, 0.2, 0.5, 0.1, 0.8],
        [0.3, 0.7, 0.4, 0.8, 0.1],
        [0.4, 0.1, 0.3, 0.0, 0.6],
        [0.0, 0.5, 0.3, 0.6, 0.0],
    ]
)
"""DCFs (K, S) of five clones of which the first is everyone's ancestor."""


def write_ssm(
    folder: Path, phi: np.ndarray, sizes: list[int], groups: list[list[int]], depth: int, seed: int
) -> tuple[Path, Path]:
    """Files of diploid mutations at DCFs phi (K, S), `sizes` of each row, and of their clusters.

    groups: the rows of `phi` that each cluster consists of.
    """
    generator = np.random.default_rng(seed)
    lines, parts = ["id\tname\tvar_reads\ttotal_reads\tvar_read_prob"], []
    for row, size in zip(phi, sizes, strict=True):
        members = []
        for _ in range(size):
            total = generator.poisson(depth, len(row)) + 1
            alt = generator.binomial(total, row / 2)
            members.append(f"s{len(lines)}")
            texts = (",".join(map(str, values)) for values in (alt, total, [0.5] * len(row)))
            lines.append("\t".join([members[-1], members[-1], *texts]))
        parts.append(members)
    clusters = [[name for part in group for name in parts[part]] for group in groups]
    ssm, params = folder / "t.ssm", folder / "t.json"
    ssm.write_text("\n".join(lines) + "\n")
    params.write_text(json.dumps({"samples": [f"R{s}" for s in range(phi.shape[1])], "clusters": clusters}))
    return ssm, params
