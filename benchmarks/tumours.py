"""Plain simulated tumours of any size for time and memory; truth by construction, copy number included."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def simulate(
    path: Path, mutations: int, samples: int, *, clones: int = 12, depth: int = 100, seed: int = 1
) -> Path:
    """Write a counts table of a tumour with a linear-and-branching tree of clones and whole copy numbers."""
    rng = np.random.default_rng(seed)
    parent = [0, *(int(rng.integers(max(0, k - 4), k)) for k in range(1, clones))]
    share = rng.dirichlet(np.full(clones, 0.3), size=samples).T
    dcf = share.copy()
    for k in range(clones - 1, 0, -1):
        dcf[parent[k]] += dcf[k]
    clone = np.where(rng.random(mutations) < 0.5, 0, rng.integers(0, clones, mutations))
    major = rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1], size=mutations)
    minor = np.minimum(rng.choice([0, 1], p=[0.15, 0.85], size=mutations), major)
    early = (clone == 0) & (rng.random(mutations) < 0.5)
    purity = rng.uniform(0.4, 0.8, samples)
    u = dcf[clone] * np.where(early, major, 1)[:, None]
    vaf = purity * u / (purity * (major + minor)[:, None] + 2 * (1 - purity))
    reads = rng.poisson(depth, (mutations, samples)) + 1
    alt = rng.binomial(reads, np.clip(vaf * 0.998 + 0.001, 0, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    names = [
        "mutation_id",
        "sample_id",
        "ref_counts",
        "alt_counts",
        "major_cn",
        "minor_cn",
        "normal_cn",
        "tumour_content",
    ]
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        handle.write("\t".join(names) + "\n")
        for n in range(mutations):
            copies = f"{major[n]}\t{minor[n]}\t2"
            handle.writelines(
                f"m{n}\ts{s}\t{reads[n, s] - alt[n, s]}\t{alt[n, s]}\t{copies}\t{purity[s]:.3f}\n"
                for s in range(samples)
            )
    return path
