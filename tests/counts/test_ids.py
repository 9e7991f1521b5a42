"""Mutations named by their allele or protein change, and names that say nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truncal.counts.ids import Named, named
from truncal.drivers.hgvs import short_protein


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("7:55259515:T:G", ("7", "55259515", "T", "G")),
        ("chr7_55259515_T>G", ("chr7", "55259515", "T", "G")),
        ("chrX-100-AT-A", ("chrX", "100", "AT", "A")),
        ("CRUK0001:7:55259515:T:G", ("7", "55259515", "T", "G")),
        ("EGFR:chr7:55259515T>G", ("chr7", "55259515", "T", "G")),
        ("7:g.55259515T>G", ("7", "55259515", "T", "G")),
    ],
)
def test_alleles(name: str, expected: tuple[str, ...]) -> None:
    assert named(name) == Named(*expected)


@pytest.mark.parametrize(
    ("name", "gene", "short"),
    [
        ("EGFR.L858R", "EGFR", "L858R"),
        ("EGFR:p.Leu858Arg", "EGFR", "L858R"),
        ("EGFR_E746_A750del", "EGFR", "E746_A750del"),
        ("TP53.Q165X", "TP53", "Q165*"),
        ("TP53 p.R213*", "TP53", "R213*"),
        ("RB1|p.(Gly435Ter)", "RB1", "G435*"),
        ("KALRN.T2200Ifs*1", "KALRN", "T2200Ifs*1"),
        ("WDR7.P829_H830insP", "WDR7", "P829_H830insP"),
        ("C16orf70.D63N", "C16orf70", "D63N"),
        ("NKX2-1.G10E", "NKX2-1", "G10E"),
    ],
)
def test_protein_changes(name: str, gene: str, short: str) -> None:
    found = named(name)
    assert found is not None and found.gene == gene and found.chrom is None
    assert short_protein(found.hgvsp) == short


def test_a_protein_change_may_name_its_transcript() -> None:
    found = named("EGFR:NM_005228.5:p.Leu858Arg")
    assert found == Named(gene="EGFR", hgvsp="p.Leu858Arg", transcript="NM_005228.5")
    assert named("MET_ENST00000397752_Y1230H") == Named(
        gene="MET", hgvsp="p.Y1230H", transcript="ENST00000397752"
    )


def test_a_splice_site_has_a_gene_and_no_protein_change() -> None:
    assert named("MET.splicing") == named("MET:splice") == Named(gene="MET")


@pytest.mark.parametrize(
    "name",
    [
        "m001",
        "s12",
        "mut_1",
        "SNV_12",
        "7:55259515",
        "CRUK0001:7:55259515:T",
        "EGFR",
        "EGFR.L858",
        "7:1:A:A",
        "",
    ],
)
def test_names_that_say_nothing(name: str) -> None:
    assert named(name) is None


@given(st.text(max_size=60))
def test_any_name_will_do(name: str) -> None:
    found = named(name)
    assert found is None or any(found)
