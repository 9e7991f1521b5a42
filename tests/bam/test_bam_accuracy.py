"""Force-counting against simulated fragments of known origin, and against bcftools."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pysam
import pytest
from bam_simulated import Simulated, simulate

from truncal.reads.bam import SiteCounts, count_sites

KINDS = ["snv", "mnv", "ins", "del", "complex"]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return simulate(tmp_path_factory.mktemp("plain"), KINDS * 30, seed=5)


@pytest.fixture(scope="module")
def repetitive(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return simulate(tmp_path_factory.mktemp("repeats"), ["ins", "del"] * 50, seed=6, repeats=0.7)


def close(counts: SiteCounts, simulated: Simulated) -> np.ndarray:
    """Sites at which both counts are within one fragment of the truth."""
    ref = np.array([site.true_ref for site in simulated.sites])
    alt = np.array([site.true_alt for site in simulated.sites])
    return (abs(counts.ref - ref) <= 1) & (abs(counts.alt - alt) <= 1)


def test_every_kind_is_counted_within_one_read(plain: Simulated) -> None:
    assert close(count_sites(plain.path, *plain.columns()), plain).mean() >= 0.99


def test_the_reference_fasta_changes_nothing_much(plain: Simulated) -> None:
    assert close(count_sites(plain.path, *plain.columns(), reference=plain.fasta), plain).mean() >= 0.99


def test_indels_in_repeats_are_counted_within_one_read(repetitive: Simulated) -> None:
    assert close(count_sites(repetitive.path, *repetitive.columns()), repetitive).mean() >= 0.98


def test_allele_frequency_of_long_indels_is_not_biased(tmp_path: Path) -> None:
    long = simulate(tmp_path, ["ins", "del"] * 20, seed=8)
    counts = count_sites(long.path, *long.columns())
    big = [max(len(site.ref), len(site.alt)) > 30 for site in long.sites]
    truth = np.array([site.true_alt / (site.true_ref + site.true_alt) for site in long.sites])
    assert sum(big) >= 8
    assert np.abs(counts.alt / counts.depth - truth)[big].max() < 0.02


def test_insertions_longer_than_a_third_of_a_read_are_counted_within_one_read(tmp_path: Path) -> None:
    short = simulate(tmp_path, ["ins"] * 60, seed=9, read_length=75)
    with pysam.AlignmentFile(str(short.path)) as reads:
        assert sum(read.is_unmapped for read in reads) > 200  # which an aligner could not place
    counts = count_sites(short.path, *short.columns())
    long = np.array([len(site.alt) > 30 for site in short.sites])
    assert long.sum() > 15
    assert close(counts, short)[long].all() and close(counts, short).mean() >= 0.98


def test_reads_that_were_not_placed_and_come_from_elsewhere_do_not_count(tmp_path: Path) -> None:
    absent = simulate(tmp_path / "a", ["ins"] * 20, seed=9, read_length=75, vaf=(0.0, 0.0))
    rng = np.random.default_rng(3)
    strange = tmp_path / "strange.bam"
    with (
        pysam.AlignmentFile(str(absent.path)) as reads,
        pysam.AlignmentFile(str(strange), "wb", header=reads.header) as out,
    ):
        for read in reads:
            if read.is_read2 and rng.random() < 0.3:
                quality = read.query_qualities_str
                read.query_sequence = "".join(rng.choice(list("ACGT"), 75))
                read.query_qualities_str = quality
                read.cigartuples = None
                read.flag = (read.flag | 0x4) & ~0x2
                read.mapping_quality = 0
            out.write(read)
    pysam.index(str(strange))
    assert not count_sites(strange, *absent.columns()).alt.any()


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    absent = simulate(tmp_path, KINDS * 16, seed=10, repeats=0.5, vaf=(0.0, 0.0))
    counts = count_sites(absent.path, *absent.columns())
    indels = np.array([site.kind not in ("snv", "mnv") for site in absent.sites])
    assert not counts.alt[indels].any()
    assert counts.alt.sum() <= 0.001 * counts.ref.sum()


def test_order_and_chunks_do_not_matter(plain: Simulated, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = plain.columns()
    once = count_sites(plain.path, *columns)
    order = np.random.default_rng(0).permutation(len(columns[0]))
    shuffled = [[column[i] for i in order] for column in columns]
    monkeypatch.setattr("truncal.reads.bam._CHUNK_BYTES", 1_000_000)
    again = count_sites(plain.path, *shuffled)
    np.testing.assert_array_equal(again.ref, once.ref[order])
    np.testing.assert_array_equal(again.alt, once.alt[order])
    np.testing.assert_array_equal(again.other, once.other[order])


def mpileup(bcftools: str, simulated: Simulated, sites: list[int], tmp_path: Path) -> np.ndarray:
    """(ref, alt) of SNVs by `bcftools mpileup` with the same limits."""
    targets = tmp_path / "targets.tsv"
    targets.write_text("".join(f"chr1\t{simulated.sites[i].pos}\n" for i in sites))
    command = [bcftools, "mpileup", "-f", simulated.fasta, "-B", "-A", "-q", "20", "-Q", "20", "-d", "100000"]
    command += ["-a", "AD", "-R", targets, simulated.path]
    text = subprocess.run([*map(str, command)], capture_output=True, check=True, text=True).stdout
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            fields = line.split("\t")
            alleles = [fields[3], *fields[4].split(",")]
            depth = dict(zip(alleles, map(int, fields[9].split(":")[-1].split(",")), strict=True))
            found[int(fields[1])] = depth
    rows = [
        (found[site.pos].get(site.ref, 0), found[site.pos].get(site.alt, 0))
        for site in map(simulated.sites.__getitem__, sites)
    ]
    return np.array(rows)


def test_snvs_agree_with_mpileup(bcftools: str, tmp_path: Path) -> None:
    # long fragments: mpileup treats mates that overlap and disagree in its own way
    apart = simulate(tmp_path / "apart", ["snv"] * 60, seed=9, fragment=(300.0, 30.0))
    counts = count_sites(apart.path, *apart.columns())
    expected = mpileup(bcftools, apart, list(range(60)), tmp_path)
    np.testing.assert_array_equal(np.column_stack([counts.ref, counts.alt]), expected)


def test_snvs_with_overlapping_mates_agree_with_mpileup_within_one(
    plain: Simulated, bcftools: str, tmp_path: Path
) -> None:
    snvs = [i for i, site in enumerate(plain.sites) if site.kind == "snv"]
    counts = count_sites(plain.path, *plain.columns())
    expected = mpileup(bcftools, plain, snvs, tmp_path)
    assert np.abs(np.column_stack([counts.ref, counts.alt])[snvs] - expected).max() <= 1
