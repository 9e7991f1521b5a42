"""V953: a primary and brain metastases of a colorectal cancer, every site counted in every sample.

Nothing is published of its tree; what must hold is the biology: TP53 and KRAS are trunk mutations, and TP53
has lost its other copy everywhere.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cases.steps import drivers_of, rows


@pytest.fixture(scope="module")
def drivers(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drivers step's folder, from the VCFs and segments."""
    sheet = shared / "data" / "crc-metastatic" / "inputs" / "sample_sheet.tsv"
    return drivers_of(sheet, "V953", tmp_path_factory.mktemp("v953"))


def test_tp53_is_lost_on_the_trunk(drivers: Path) -> None:
    found = {row["event_id"]: row for row in rows(drivers / "drivers.tsv")}
    for name in ("TP53:R248W", "TP53:biallelic loss"):
        assert found[name]["label"] == "clonal" and float(found[name]["p_truncal"]) > 0.9
        assert found[name]["regions_present"] == "7"
    assert found["TP53:biallelic loss"]["reason"].startswith("In 7 of 7 samples")


def test_kras_is_in_every_sample_and_not_a_branch(drivers: Path) -> None:
    (kras,) = [row for row in rows(drivers / "drivers.tsv") if row["gene"] == "KRAS"]
    assert kras["event"] == "G12V" and kras["regions_present"] == "7"
    assert float(kras["p_truncal"]) > 0.5 and kras["label"] in ("clonal", "indeterminate")
    assert float(kras["p_next_region"]) > 0.8


def test_what_the_primary_alone_has_is_subclonal(drivers: Path) -> None:
    (apc,) = [row for row in rows(drivers / "drivers.tsv") if row["gene"] == "APC"]
    assert apc["label"] == "subclonal" and float(apc["p_truncal"]) < 0.2
    assert "V953_BM_1" in apc["reason"]


def test_nothing_is_answered_where_no_driver_has_a_drug(drivers: Path) -> None:
    for row in rows(drivers / "polytargeting.tsv"):
        assert float(row["coverage"]) < 0.5
