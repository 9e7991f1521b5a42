"""The reads of single mutations as the tree takes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from truncal.clones.run import run_clones
from truncal.sheet.settings import load_settings


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty trunk and forty branch mutations in two samples of purity 0.8, some not called in the second."""
    out = tmp_path_factory.mktemp("linear")
    generator = np.random.default_rng(4)
    columns = ("mutation_id", "sample_id", "ref_counts", "alt_counts", "major_cn", "minor_cn", "normal_cn")
    lines = ["\t".join((*columns, "tumour_content", "error_rate"))]
    for n in range(80):
        phi = (1.0, 1.0) if n < 40 else (0.5, 0.3 if n < 70 else 0.0)
        for s, dcf in enumerate(phi):
            depth = int(generator.poisson(200)) + 1
            alt = int(generator.binomial(depth, 0.4 * dcf))
            if s == 1 and dcf == 0.0:
                continue
            lines.append(f"m{n}\tR{s}\t{depth - alt}\t{alt}\t1\t1\t2\t0.8\t0.001")
    (out / "counts.tsv").write_text("\n".join(lines) + "\n")
    missing = [f"m{n}\tR1\t1\t1\t2\t0.8" for n in range(70, 80)]
    head = "mutation_id\tsample_id\tmajor_cn\tminor_cn\tnormal_cn\ttumour_content"
    (out / "not_called.tsv").write_text("\n".join([head, *missing]) + "\n")
    run_clones(out / "counts.tsv", out / "clones", load_settings(None), 1)
    return out / "clones"


def test_frequencies_are_linear_in_the_dcf(folder: Path) -> None:
    with np.load(folder / "reads.npz") as stored:
        parts = {name: stored[name].astype(float) for name in ("alt", "ref", "offset", "slope")}
    assert all(part.shape == (80, 2) for part in parts.values())
    listed = parts["alt"] > 0
    assert parts["slope"][listed] == pytest.approx(0.8 / 2 * 0.998, rel=0.05)  # purity is refined
    assert parts["offset"][listed] == pytest.approx(0.001, abs=1e-3)
    share = parts["alt"][:40] / (parts["alt"] + parts["ref"])[:40]
    assert share.mean() == pytest.approx(0.4, abs=0.01)
    assert (parts["alt"] + parts["ref"]).max() < 300


def test_a_site_that_is_not_listed_speaks_against_a_high_dcf_only(folder: Path) -> None:
    with np.load(folder / "reads.npz") as stored:
        alt, ref, slope = (stored[name][70:, 1].astype(float) for name in ("alt", "ref", "slope"))
    known = slope > 0
    assert known.any()
    assert (alt == 0).all()
    high, low = ref * np.log1p(-0.5), ref * np.log1p(-0.02)
    assert (high[known] < -2).all()
    assert (low[known] > -1).all()
