"""Clones and phylogeny of one tumour, as the drivers benchmark asks for them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks.datasets import read_rows


@dataclass
class Found:
    """What truncal says of a tumour, by mutation."""

    p_clonal: dict[str, float]
    p_truncal: dict[str, float]
    p_next_region: dict[str, float]
    outlier: dict[str, float]
    cluster: dict[str, int]

    @property
    def size(self) -> Counter[int]:
        """Mutations of each cluster."""
        return Counter(self.cluster.values())


def reconstruct(counts: Path, out: Path, seed: int = 1) -> Found:
    """Clones and phylogeny of a counts table; the drivers step takes its probabilities from there."""
    from truncal.clones.run import run_clones
    from truncal.phylogeny.run import run_phylogeny
    from truncal.sheet.settings import load_settings

    settings = load_settings(None)
    run_clones(counts, out / "clones", settings, seed)
    run_phylogeny(out / "phylogeny", settings, seed, clones=out / "clones")
    rows = read_rows(out / "phylogeny" / "mutations.tsv")

    def column(name: str) -> dict[str, float]:
        return {row["mutation_id"]: float(row[name]) for row in rows if row[name] != "NA"}

    cluster = {row["mutation_id"]: int(row["cluster_id"]) for row in rows}
    return Found(
        column("p_clonal"),
        column("p_truncal"),
        column("p_next_region"),
        column("outlier_probability"),
        cluster,
    )
