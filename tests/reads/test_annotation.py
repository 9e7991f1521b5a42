"""Gene and protein change from each annotator's field, and which transcript is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from truncal.reads.annotation import find_source
from truncal.reads.effects import Effect, choose, protein_change, table_transcripts
from truncal.reads.header import Header, parse_header
from truncal.reads.vcf import iterate, read_header

CSQ = (
    '##INFO=<ID=CSQ,Number=.,Type=String,Description="Annotations from Ensembl VEP. Format: Allele|'
    "Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|BIOTYPE|HGVSc|HGVSp|CANONICAL|MANE_SELECT|"
    'MANE_PLUS_CLINICAL|PICK|gnomADe_AF|MAX_AF">'
)
ANN = (
    "##INFO=<ID=ANN,Number=.,Type=String,Description=\"Functional annotations: 'Allele | Annotation | "
    "Annotation_Impact | Gene_Name | Gene_ID | Feature_Type | Feature_ID | Transcript_BioType | Rank | "
    "HGVS.c | HGVS.p | cDNA.pos / cDNA.length | CDS.pos / CDS.length | AA.pos / AA.length | Distance | E'\">"
)
BCSQ = '##INFO=<ID=BCSQ,Number=.,Type=String,Description="Format: Consequence|gene|transcript|biotype">'


def _header(*lines: str) -> Header:
    return parse_header(Path("x.vcf"), "\n".join(lines), ["T"])


def _csq(allele: str, gene: str, transcript: str, impact: str = "MODERATE", **more: str) -> str:
    names = (
        "HGVSc",
        "HGVSp",
        "CANONICAL",
        "MANE_SELECT",
        "MANE_PLUS_CLINICAL",
        "PICK",
        "gnomADe_AF",
        "MAX_AF",
    )
    rest = "|".join(more.get(name, "") for name in names)
    return f"{allele}|missense_variant|{impact}|{gene}|ENSG1|Transcript|{transcript}|protein_coding|{rest}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ENSP00000275493.2:p.Leu858Arg", "p.Leu858Arg"),
        ("p.L858R", "p.Leu858Arg"),
        ("858L>858R", "p.Leu858Arg"),
        ("60S", "p.Ser60="),
        ("p.Pro156Pro", "p.Pro156="),
        ("ENSP1:p.Thr190%3D", "p.Thr190="),
        ("746ELREA>746D", "p.Glu746_Ala750delinsAsp"),
        ("132KSR..512>132NGL..", "p.Lys132fs"),
        ("p.K132Nfs*12", "p.Lys132AsnfsTer12"),
        ("p.E746_A750del", "p.Glu746_Ala750del"),
        ("p.S768_D770dup", "p.Ser768_Asp770dup"),
        ("p.D770_N771insSVD", "p.Asp770_Asn771insSerValAsp"),
        ("p.(Arg213*)", "p.Arg213Ter"),
        ("", None),
        (None, None),
    ],
)
def test_protein_changes_of_any_spelling(text: str | None, expected: str | None) -> None:
    assert protein_change(text) == expected


def test_mane_select_goes_before_canonical_and_pick() -> None:
    source = find_source(_header(CSQ))
    assert source is not None
    raw = ",".join(
        [
            _csq("T", "G1", "ENST1", PICK="1"),
            _csq("T", "G1", "ENST2", CANONICAL="YES"),
            _csq("T", "G1", "ENST3.4", MANE_SELECT="NM_1.2", HGVSp="ENSP3:p.Ala1Thr", HGVSc="ENST3.4:c.1G>A"),
            _csq("T", "G1", "ENST4", MANE_PLUS_CLINICAL="NM_9"),
        ]
    )
    effect = choose(source.parse(raw, "C", ["T"], 1))
    assert (effect.transcript, effect.hgvsp, effect.hgvsc) == ("ENST3.4", "p.Ala1Thr", "c.1G>A")


def test_the_tables_transcript_goes_before_mane() -> None:
    assert "NM_005228" in table_transcripts()["EGFR"]
    effects = [
        Effect("EGFR", "ENST_MANE.1", None, "p.A1T", 1, 0),
        Effect("EGFR", "NM_005228.3", None, "p.L858R", 1, 5),
    ]
    assert choose(effects).transcript == "NM_005228.3"


def test_of_two_genes_the_one_hit_harder_is_named() -> None:
    effects = [Effect("NEAR", "T1", None, None, 3, 0), Effect("HIT", "T2", None, "p.A1T", 1, 5)]
    assert choose(effects).gene == "HIT"
    assert choose([]).gene is None


def test_each_allele_of_a_record_gets_its_own_annotation() -> None:
    csq = find_source(_header(CSQ))
    assert csq is not None
    raw = ",".join([_csq("-", "DEL", "T1"), _csq("TT", "INS", "T2")])
    assert choose(csq.parse(raw, "CA", ["C", "CTT"], 1)).gene == "DEL"
    assert choose(csq.parse(raw, "CA", ["C", "CTT"], 2)).gene == "INS"
    ann = find_source(_header(ANN))
    assert ann is not None
    entry = "{}|missense_variant|MODERATE|{}|E|transcript|NM_1.1|protein_coding|1/2|c.1A>G|p.Lys1Arg|||||"
    raw = ",".join([entry.format("G", "FIRST"), entry.format("T", "SECOND")])
    assert choose(ann.parse(raw, "A", ["G", "T"], 2)).gene == "SECOND"
    bcsq = find_source(_header(BCSQ))
    assert bcsq is not None
    raw = "missense|G1|ENST1|protein_coding|+|1K>1R|5A>G,missense|G2|ENST1|protein_coding|+|1K>1I|5A>T,@77"
    assert choose(bcsq.parse(raw, "A", ["G", "T"], 2)).gene == "G2"


def test_population_frequencies_are_the_highest_stated() -> None:
    source = find_source(_header(CSQ))
    assert source is not None
    assert source.populations
    raw = _csq("T", "G1", "ENST1", gnomADe_AF="0.002", MAX_AF="0.03&0.01")
    assert choose(source.parse(raw, "C", ["T"], 1)).population == 0.03


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "egfr_t790m_c797g_l858r_cis.vcf",
            {55249071: ("EGFR", "p.Thr790Met"), 55259515: ("EGFR", "p.Leu858Arg")},
        ),
        ("egfr_ex19del_t790m_c797s_trans.vcf", {55242466: ("EGFR", "p.Glu746_Ser752delinsAla")}),
        ("bcsq_sites.vcf", {69428: ("OR4F5", "p.Phe113Cys"), 14464: ("WASH7P", None)}),
        ("funcotator_hg38_pair.vcf.gz", {225519331: ("ENAH", None)}),
        ("sage_rna_vep.vcf.gz", {158653296: ("SPTA1", "p.Arg1056Cys")}),
        (
            "pvac_hcc1395_vep_expression.vcf.gz",
            {451649: ("OR4F29", "p.Glu11Ter"), 13318694: ("PRAMEF15", "p.Arg96His")},
        ),
        ("cgppindel_a.vcf", {1684347: ("NADK", "p.Glu445_Gly446insGlu")}),
    ],
)
def test_annotations_of_real_files(name: str, expected: dict, shared: Path) -> None:
    header = read_header(shared / "data/vcf-fixtures" / name)
    source = find_source(header)
    assert source is not None
    found = {}
    for record in iterate(header):
        raw = record.INFO.get(source.info)
        if record.POS in expected and raw is not None and record.POS not in found:
            effect = choose(source.parse(raw, record.REF, record.ALT, 1))
            found[record.POS] = (effect.gene, effect.hgvsp)
    for pos, (gene, protein) in expected.items():
        assert found[pos][0] == gene
        assert protein is None or found[pos][1] == protein


def test_every_allele_of_a_funcotator_record_is_parsed(shared: Path) -> None:
    header = read_header(shared / "data/vcf-fixtures/funcotator_hg38_pair.vcf.gz")
    source = find_source(header)
    assert source is not None
    for record in iterate(header):
        for number in range(1, len(record.ALT) + 1):
            assert choose(source.parse(record.INFO.get("FUNCOTATION"), record.REF, record.ALT, number)).gene
