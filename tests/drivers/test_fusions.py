"""Fusions from a table and from VCFs of structural variants."""

from __future__ import annotations

from pathlib import Path

import pytest
from tumours import SETTINGS, tumour, variant, write_table

from truncal.drivers.fusions import fusion_events, fusion_genes, read_fusions
from truncal.drivers.statements import load_statements
from truncal.drivers.transcripts import load_transcripts
from truncal.errors import UserError

STATEMENTS = load_statements()
FUSIONS = [one for one in STATEMENTS if one.match == "fusion"]
GENES = {gene for one in FUSIONS for gene in fusion_genes(one)}
MODELS = load_transcripts("GRCh38")


def three_clones():
    return tumour(
        [variant("1:1:A>C"), variant("1:2:A>C"), variant("1:3:A>C")],
        [[1.0, 1.0], [0.8, 0.0], [0.0, 0.7]],
        cluster=[1, 2, 3],
        tree={1: 0, 2: 1, 3: 1},
    )


def test_genes_of_fusion_statements() -> None:
    assert {"ALK", "RET", "ROS1", "NTRK1", "NTRK2", "NTRK3", "FGFR3", "BRAF", "MET", "NRG1"} == GENES


def test_table_places_by_presence(tmp_path: Path) -> None:
    path = write_table(
        tmp_path / "fusions.tsv",
        "patient sample gene_5 gene_3 supporting_reads",
        [
            ("P1", "R1", "EML4", "ALK", 20),
            ("P1", "R2", "EML4", "ALK", 9),
            ("P1", "R2", "CCDC6", "RET", "NA"),
            ("P2", "X", "A", "ALK", 1),
        ],
    )
    given = three_clones()
    found = read_fusions(path, given, "P1", MODELS, GENES)
    events = {event.id: event for event in fusion_events(given, found, STATEMENTS, SETTINGS)}
    assert set(events) == {"ALK:EML4-ALK fusion", "RET:CCDC6-RET fusion"}
    both, one = events["ALK:EML4-ALK fusion"], events["RET:CCDC6-RET fusion"]
    assert both.cluster == 1 and both.p_truncal > 0.8
    assert one.cluster == 3 and one.p_truncal < 0.1
    assert one.present.tolist() == [False, True]
    assert "alectinib" in both.drugs("sensitive")


def test_unknown_samples_are_faults(tmp_path: Path) -> None:
    path = write_table(tmp_path / "f.tsv", "sample gene_5 gene_3", [("nope", "A", "ALK"), ("R1", "B", "RET")])
    with pytest.raises(UserError, match="nope is not a sample"):
        read_fusions(path, three_clones(), None, MODELS, GENES)


VCF = """##fileformat=VCFv4.2
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tNORMAL\tR1\tR2
chr2\t29223500\tbnd1\tA\tA]chr2:42295516]\t.\tPASS\tSVTYPE=BND\tPR:SR\t40,0:30,0\t40,8:30,6\t50,0:30,0
chr2\t29223600\tbnd2\tA\tA]chr9:5000000]\t.\tLowQual\tSVTYPE=BND\tPR:SR\t40,0:30,0\t40,8:30,6\t50,0:30,0
chr10\t43116600\tinv1\tN\t<INV>\t.\tPASS\tSVTYPE=INV;END=59900000\tGT:DV\t0/0:0\t0/0:0\t0/1:7
chr7\t55000000\tdel1\tN\t<DEL>\t.\tPASS\tSVTYPE=DEL;END=55100000\tGT:DV\t0/0:0\t0/1:9\t0/1:7
chr2\t29223500\tbnd3\tA\tA]chr2:29223900]\t.\tPASS\tSVTYPE=BND\tPR:SR\t40,0:30,0\t40,8:30,6\t50,0:30,0
"""


def test_structural_variants_by_their_breakpoints(tmp_path: Path) -> None:
    path = tmp_path / "sv.vcf"
    path.write_text(VCF, encoding="utf-8")
    found = read_fusions(path, three_clones(), None, MODELS, GENES)
    assert [(one.sample, one.three, one.reads) for one in found] == [("R1", "ALK", 14.0), ("R2", "RET", 7.0)]
    path.write_text(VCF.replace("R1\tR2", "A\tB"), encoding="utf-8")
    with pytest.raises(UserError, match="none of the patient's"):
        read_fusions(path, three_clones(), None, MODELS, GENES)
    path.write_text(VCF.replace("R1\tR2", "TUMOR\tOTHER"), encoding="utf-8")
    alone = tumour([variant("1:1:A>C")], [[1.0]], cluster=[1])
    found = read_fusions(path, alone, None, MODELS, GENES)
    assert [(one.sample, one.three) for one in found] == [("R1", "ALK")]
