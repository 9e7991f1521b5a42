"""Real patients: counts and copy number from VCFs and segments against the tables that their sources give."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from patient_files import Outcome, call_counts, write_sheet

Row = tuple[str, str, str, str, float, float]


def _table(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt") as handle:
        yield from csv.DictReader(handle, delimiter="\t")


def _run(inputs: Path, patient: str, tmp_path: Path, column: str = "vcf") -> Outcome:
    with (inputs / "sample_sheet.tsv").open() as handle:
        rows = [row for row in csv.DictReader(handle, delimiter="\t") if row["patient"] == patient]
    sheet = [
        {
            "patient": patient,
            "sample": row["sample"],
            "vcf": (inputs / row[column]).resolve(),
            "segments": (inputs / row["segments"]).resolve(),
            "purity": row["purity"],
            "sex": row.get("sex") or "NA",
        }
        for row in rows
    ]
    outcome = call_counts(write_sheet(tmp_path, sheet), patient)
    assert outcome.code == 0, outcome.stderr
    return outcome


def _ours(outcome: Outcome) -> dict[tuple[str, str], tuple[int, int, float, float, float]]:
    """(chrom:pos:ref:alt, sample) → counts, copies and purity; indels as the source writes them."""
    return {
        (row["mutation_id"], row["sample_id"]): (
            int(row["ref_counts"]),
            int(row["alt_counts"]),
            float(row["major_cn"]),
            float(row["minor_cn"]),
            float(row["tumour_content"]),
        )
        for row in outcome.table("counts")
    }


def _theirs(row: dict[str, str]) -> tuple[int, int, float, float, float]:
    return (
        int(row["ref_counts"]),
        int(row["alt_counts"]),
        float(row["major_cn"]),
        float(row["minor_cn"]),
        float(row["tumour_content"]),
    )


@pytest.mark.parametrize(("patient", "excluded"), [("V402", 45), ("V824", 0), ("V953", 48)])
def test_crc_metastatic(patient: str, excluded: int, shared: Path, tmp_path: Path) -> None:
    inputs = shared / "data/crc-metastatic/inputs"
    outcome = _run(inputs, patient, tmp_path)
    ours = _ours(outcome)
    compared = 0
    for row in _table(inputs / f"pyclone/{patient}.tsv.gz"):
        if "-" in (row["ref"], row["alt"]):
            continue  # written without anchor base
        key = (f"{row['chrom']}:{row['pos']}:{row['ref']}:{row['alt']}", row["sample_id"])
        if int(row["ref_counts"]) + int(row["alt_counts"]) == 0 or float(row["major_cn"]) == 0:
            assert key not in ours
            continue
        assert ours[key] == _theirs(row), key
        compared += 1
    assert compared > 0.9 * len(ours)
    reasons = [row["reason"] for row in outcome.table("excluded")]
    assert reasons.count("no_copy_number") == excluded  # X and Y: the segments cover autosomes only
    assert set(reasons) <= {"no_copy_number", "zero_depth", "zero_copies"}


def test_called_only_files_lose_nothing_but_unlisted_pairs(shared: Path, tmp_path: Path) -> None:
    inputs = shared / "data/crc-metastatic/inputs"
    forced = _ours(_run(inputs, "V824", tmp_path))
    called = _run(inputs, "V824", tmp_path, "vcf_called_only")
    ours = _ours(called)
    assert all(forced[key] == value for key, value in ours.items())
    absent = {(row["mutation_id"], row["sample_id"]) for row in called.table("not_called")}
    assert not absent & set(ours)
    assert absent | set(ours) >= set(forced)
    assert all(forced[key][1] < 3 for key in absent & set(forced))


def test_cruk0001(shared: Path, tmp_path: Path) -> None:
    inputs = shared / "data/tracerx100/CRUK0001/inputs"
    outcome = _run(inputs, "CRUK0001", tmp_path)
    by_site = {
        (key[0].split(":")[0], key[0].split(":")[1], key[1]): value
        for key, value in _ours(outcome).items()
        if len(key[0].split(":")[2]) == len(key[0].split(":")[3])
    }
    compared = differing = 0
    for row in _table(inputs / "CRUK0001.pyclone.tsv.gz"):
        _, chrom, pos, ref = row["mutation_id"].split(":")
        key = ("X" if chrom == "23" else chrom, pos, row["sample_id"])
        if ref == "-" or key not in by_site:
            continue
        compared += 1
        ours, theirs = by_site[key], _theirs(row)
        assert (ours[0], ours[1], ours[4]) == (theirs[0], theirs[1], theirs[4])
        differing += ours[2:4] != theirs[2:4]
    assert compared > 7200
    assert differing == 0
    samples = outcome.table("samples")
    assert [row["wgd"] for row in samples] == ["true"] * 3
    assert {row["normal_cn"] for row in outcome.table("counts") if row["chrom"] == "X"} == {"1"}


def test_cruk0044_primary_and_relapse(shared: Path, tmp_path: Path) -> None:
    inputs = shared / "data/longitudinal/inputs"
    ours = _ours(_run(inputs, "CRUK0044", tmp_path))
    by_site = {(key[0].split(":")[0], key[0].split(":")[1], key[1]): value for key, value in ours.items()}
    compared = 0
    for row in _table(inputs / "CRUK0044.tsv.gz"):
        key = (row["chrom"].removeprefix("chr"), row["start"], row["sample_id"])
        if row["major_cn"] == "NA" or key not in by_site:
            continue
        compared += 1
        assert by_site[key] == pytest.approx(_theirs(row), abs=1e-6), key
    assert compared > 1400


@pytest.mark.parametrize("patient", ["A021", "A073", "A161", "A377"])
def test_nsclc_egfr_tables_come_back_as_they_are(patient: str, shared: Path, tmp_path: Path) -> None:
    table = shared / f"data/nsclc-egfr/inputs/{patient}.tsv"
    with table.open() as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    samples = list(dict.fromkeys(row["sample_id"] for row in rows))
    sheet = write_sheet(
        tmp_path, [{"patient": "P", "sample": name, "counts": table.resolve()} for name in samples]
    )
    outcome = call_counts(sheet)
    assert outcome.code == 0, outcome.stderr
    names = list(rows[0])
    assert [[row[name] for name in names[:7]] for row in outcome.table("counts")] == [
        [row[name] for name in names[:7]] for row in rows
    ]
    mutations = len({row["mutation_id"] for row in rows})
    assert len(outcome.table("not_called")) == mutations * len(samples) - len(rows)
