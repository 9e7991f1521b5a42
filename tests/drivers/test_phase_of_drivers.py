"""Cis and trans: posterior against closed forms, fragments of simulated BAMs, phased VCFs, and nothing
else.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import poisson
from tumours import SETTINGS, tumour, variant

from truncal.drivers.events import Event, small_variant_events
from truncal.drivers.phase import (
    CHIMERIC,
    MISREAD,
    PRIOR,
    Haplotypes,
    phase_rows,
    phased_alleles,
    posterior,
    verdict,
)
from truncal.drivers.run import make_matcher
from truncal.drivers.statements import load_statements

MATCHER = make_matcher(load_statements(), "GRCh38")
T790M, C797S, C797S_OTHER = "7:55181378:C>T", "7:55181398:T>A", "7:55181399:G>C"


def pair(other: str = C797S, samples: int = 1) -> tuple[object, list[Event]]:
    given = tumour([variant(T790M), variant(other)], [[0.9] * samples, [0.4] * samples], cluster=[1, 1])
    return given, small_variant_events(given, MATCHER, {}, SETTINGS)


@pytest.mark.parametrize("counts", [(5, 0, 0, 9), (0, 6, 5, 9), (7, 30, 0, 2), (4, 4, 5, 0), (1, 1, 0, 3)])
def test_posterior_in_closed_form(counts: tuple[int, int, int, int]) -> None:
    both, a_only, b_only, neither = counts
    alone = min(a_only, b_only)
    n = both + alone
    chance_alone = CHIMERIC * n + MISREAD * (neither + max(a_only, b_only))
    chance_both = CHIMERIC * n + MISREAD * (a_only + b_only)
    weights = (
        np.array([poisson.pmf(alone, chance_alone), poisson.pmf(both, chance_both), 1 / (n + 1)]) * PRIOR
    )
    assert posterior(Haplotypes(*counts)) == pytest.approx(weights / weights.sum())


def test_verdicts() -> None:
    def word(*counts: int) -> str:
        return verdict(Haplotypes(*counts), 2, 0.9)[1]

    assert word(0, 0, 0, 500) == "not_assessable"
    assert word(1, 0, 0, 500) == "not_assessable"
    assert word(4, 200, 0, 500) == "cis"  # T790M without C797S elsewhere does not speak against cis
    assert word(0, 50, 4, 500) == "trans"
    assert word(0, 50, 1, 500) == "not_assessable"
    assert word(20, 20, 20, 0) == "mixed"


def test_nothing_to_go_by() -> None:
    given, events = pair()
    (row,) = phase_rows(given, events, {}, {}, SETTINGS)
    assert row["verdict"] == "not_assessable" and row.get("p_cis") is None


def test_far_apart_or_never_together_are_no_pair() -> None:
    given = tumour([variant("7:55191822:T>G"), variant(T790M)], [[1.0], [1.0]], cluster=[1, 1])
    assert not phase_rows(given, small_variant_events(given, MATCHER, {}, SETTINGS), {}, {}, SETTINGS)
    given = tumour([variant(T790M), variant(C797S)], [[1.0, 0.0], [0.0, 1.0]], cluster=[1, 1])
    assert not phase_rows(given, small_variant_events(given, MATCHER, {}, SETTINGS), {}, {}, SETTINGS)


VCF = """##fileformat=VCFv4.2
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tTUMOR
chr7\t55181378\t.\tC\tT\t.\tPASS\t.\t{keys}\t{one}
chr7\t55181398\t.\tT\tA\t.\tPASS\t.\t{keys}\t{other}
"""


@pytest.mark.parametrize(
    ("keys", "one", "other", "expected"),
    [
        ("GT:PS", "0|1:55181378", "0|1:55181378", "cis"),
        ("GT:PS", "0|1:55181378", "1|0:55181378", "trans"),
        ("GT:PGT:PID", "0/1:0|1:55181378_C_T", "0/1:0|1:55181378_C_T", "cis"),
        ("GT:PGT:PID", "0/1:0|1:55181378_C_T", "0/1:1|0:55181378_C_T", "trans"),
        ("GT:PS", "0|1:1", "0|1:2", "not_assessable"),
        ("GT:PS", "0/1:.", "0/1:.", "not_assessable"),
        ("GT:PS", "1|1:7", "0|1:7", "not_assessable"),
        ("GT", "0|1", "0|1", "not_assessable"),
    ],
)
def test_phased_vcfs(tmp_path: Path, keys: str, one: str, other: str, expected: str) -> None:
    path = tmp_path / "x.vcf"
    path.write_text(VCF.format(keys=keys, one=one, other=other), encoding="utf-8")
    given, events = pair()
    (row,) = phase_rows(given, events, {}, {"R1": path}, SETTINGS)
    assert row["verdict"] == expected


def test_the_egfr_vcfs_without_phase(shared: Path) -> None:
    for name in ("egfr_t790m_c797g_l858r_cis.vcf", "egfr_ex19del_t790m_c797s_trans.vcf"):
        assert phased_alleles(shared / "data" / "vcf-fixtures" / name) == {}


def test_the_wild_type_bam(shared: Path) -> None:
    bam = next((shared / "data" / "bam-fixture" / "inputs").glob("*.bam"))
    given, events = pair()
    (row,) = phase_rows(given, events, {"R1": bam}, {}, SETTINGS)
    assert row["verdict"] == "not_assessable"
    assert row["n_both"] == row["n_a_only"] == row["n_b_only"] == 0
    assert row["n_neither"] > 300


def write_bam(path: Path, haplotypes: list[tuple[bool, bool]], rng: np.random.Generator) -> Path:
    """Single-end reads of 60-100 bp over both codons, with the two alleles as told and 0.2 % errors."""
    import pysam

    header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": "chr7", "LN": 159345973}]}
    from test_resistance_table import CONTEXTS

    context = next(one for one in CONTEXTS if one["name"] == "EGFR exon 20")
    start, sequence = int(context["start_grch38"]), context["sequence"]
    reads = []
    for number, (one, other) in enumerate(haplotypes):
        length = int(rng.integers(60, 101))
        first = int(rng.integers(55181398 - length + 3, 55181376))
        bases = list(sequence[first - start : first - start + length])
        if one:
            bases[55181378 - first] = "T"
        if other:
            bases[55181398 - first] = "A"
        for place in np.flatnonzero(rng.random(length) < 0.002):
            bases[place] = "ACGT"[rng.integers(4)]
        read = pysam.AlignedSegment()
        read.query_name, read.query_sequence = f"r{number}", "".join(bases)
        read.flag, read.reference_id, read.reference_start = 0, 0, first - 1
        read.mapping_quality, read.cigarstring = 60, f"{length}M"
        read.query_qualities = pysam.qualitystring_to_array("I" * length)
        reads.append(read)
    reads.sort(key=lambda read: read.reference_start)
    with pysam.AlignmentFile(path, "wb", header=header) as out:
        for read in reads:
            out.write(read)
    pysam.index(str(path))
    return path


def test_simulated_fragments_are_told_right(tmp_path: Path) -> None:
    """At least two spanning fragments with each allele: right in 99 % of tumours, and never the opposite."""
    rng = np.random.default_rng(3)
    given, events = pair()
    right = asked = 0
    for number in range(100):
        cis = bool(number % 2)
        carriers = int(rng.integers(3, 12))
        alone = int(rng.integers(0, 30))
        together = [(True, True)] * carriers if cis else [(False, True)] * carriers
        haplotypes = together + [(True, False)] * max(alone, 3) + [(False, False)] * int(rng.integers(20, 60))
        bam = write_bam(tmp_path / f"{number}.bam", haplotypes, rng)
        (row,) = phase_rows(given, events, {"R1": bam}, {}, SETTINGS)
        assert row["verdict"] != ("trans" if cis else "cis")
        if (row["n_both"] if cis else min(row["n_a_only"], row["n_b_only"])) < 2:
            continue
        asked += 1
        right += row["verdict"] == ("cis" if cis else "trans")
    assert right >= 0.99 * asked
