"""CRUK0044 (Abbosh et al. 2017): primary and relapse on one tree, KRAS on its trunk, SMARCA4 on a branch."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cases.steps import drivers_of, rows

SAMPLES = (("primary_R1", 0.13, 1), ("primary_R2", 0.09, 1), ("relapse_R1", 0.34, 2))


@pytest.fixture(scope="module")
def drivers(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drivers step's folder, from the multi-sample VCF and the segments."""
    data = shared / "data" / "longitudinal" / "inputs"
    folder = tmp_path_factory.mktemp("cruk0044")
    rows = ["patient\tsample\tvcf\tvcf_sample\tsegments\tpurity\tsex\ttimepoint"]
    for name, purity, timepoint in SAMPLES:
        sample = f"CRUK0044_{name}"
        segments = data / "segments" / f"{sample}.segments.tsv"
        vcf = data / "CRUK0044.multisample.vcf.gz"
        rows.append(f"CRUK0044\t{sample}\t{vcf}\t{sample}\t{segments}\t{purity}\tfemale\t{timepoint}")
    sheet = folder / "samples.tsv"
    sheet.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return drivers_of(sheet, "CRUK0044", folder)


def test_kras_is_on_the_trunk(drivers: Path) -> None:
    (kras,) = [row for row in rows(drivers / "drivers.tsv") if row["gene"] == "KRAS"]
    assert kras["event"] == "G12V" and kras["grch37"] == "chr12:25398284:C>A"
    assert float(kras["p_truncal"]) > 0.9 and float(kras["p_clonal"]) > 0.7
    assert kras["regions_present"] == "3"
    assert "RD0157" in kras["evidence"] and "verified" in kras["evidence"]


def test_smarca4_is_on_a_branch(drivers: Path) -> None:
    found = [
        row
        for row in rows(drivers / "drivers.tsv")
        if row["gene"] == "SMARCA4" and row["mutation_id"] != "NA"
    ]
    (smarca4,) = found
    assert smarca4["consequence"] == "truncating"
    assert smarca4["label"] == "subclonal"
    assert float(smarca4["p_truncal"]) < 0.1 and float(smarca4["p_clonal"]) < 0.1


def test_verdicts_in_time(drivers: Path) -> None:
    verdicts = {row["event_id"]: row["verdict"] for row in rows(drivers / "timing.tsv")}
    assert verdicts["KRAS:G12V"] == "pre_existing"


def test_absence_is_never_negative(drivers: Path) -> None:
    """At purity 0.09 and hundreds of reads, a CCF of a tenth is all that absence excludes."""
    silent = [row for row in rows(drivers / "power.tsv") if row["event_id"].startswith("SMARCA4")]
    assert {row["sample_id"] for row in silent} <= {"CRUK0044_primary_R2", "CRUK0044_primary_R1"}
    for row in silent:
        assert 0.02 < float(row["ccf_excluded_95"]) < 0.5
        assert int(row["depth_for_1pct"]) > 10_000
    assert {row["class"] for row in rows(drivers / "not_assessable.tsv")} >= {"non_genomic", "fusion"}
