"""Every listed allele planted in a VCF, read by the counts step and found by the drivers step."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from test_resistance_table import CONTEXTS
from tumours import SETTINGS, tumour, write_table

from truncal.counts.run import run_counts
from truncal.drivers.alleles import Allele, kind, make_allele, substitutions, trimmed
from truncal.drivers.events import small_variant_events
from truncal.drivers.phase import phase_rows
from truncal.drivers.rules import Variant
from truncal.drivers.run import make_matcher
from truncal.drivers.statements import Statement, load_statements
from truncal.tables import read_table

STATEMENTS = load_statements()
LISTED = [one for one in STATEMENTS if one.alleles]
LENGTHS = {
    "GRCh37": {"7": 159138663, "1": 249250621, "X": 155270560},
    "GRCh38": {"7": 159345973, "1": 248956422, "X": 156040895},
}
CSQ = (
    "##INFO=<ID=CSQ,Number=.,Type=String,Description="
    '"VEP. Format: Allele|Consequence|SYMBOL|Feature|HGVSc|HGVSp">'
)
ANN = (
    "##INFO=<ID=ANN,Number=.,Type=String,Description=\"Functional annotations: 'Allele | Annotation | "
    "Annotation_Impact | Gene_Name | Gene_ID | Feature_Type | Feature_ID | Transcript_BioType | Rank | "
    "HGVS.c | HGVS.p | cDNA.pos / cDNA.length | CDS.pos / CDS.length | AA.pos / AA.length | Distance | "
    "ERRORS / WARNINGS / INFO'\">"
)


def shifted(allele: Allele, build: str) -> Allele:
    """The rightmost placement of an indel, padded as VCF wants; other alleles as they are."""
    short = trimmed(allele)
    if short.ref and short.alt:
        return allele
    for context in CONTEXTS:
        start = int(context[f"start_{build.lower()}"])
        sequence = context["sequence"]
        at = short.pos - start
        if context["chrom"] != allele.chrom or not 0 < at < len(sequence):
            continue
        unit, end = short.ref or short.alt, at + len(short.ref)
        while end < len(sequence) and sequence[end] == unit[0]:
            unit, at, end = unit[1:] + unit[0], at + 1, end + 1
        before = sequence[at - 1]
        ref, alt = (before + unit, before) if short.ref else (before, before + unit)
        return Allele(allele.chrom, start + at - 1, ref, alt)
    return allele


def info(one: Statement, alt: str, style: str) -> str:
    if style == "plain" or one.hgvs_p is None:
        return "."
    refseq, ensembl = one.transcripts[0].split()[0], one.transcripts[1]
    coding = one.hgvs_c or ""
    if style == "vep":
        protein = f"ENSP00000000001.1:{one.hgvs_p}"
        return f"CSQ={alt}|missense_variant|{one.gene}|{ensembl}|{ensembl}:{coding}|{protein}"
    return (
        f"ANN={alt}|missense_variant|MODERATE|{one.gene}|{one.gene}|transcript|{refseq}|protein_coding|1/1|"
        f"{coding}|{one.hgvs_p}|1/9|1/9|1/9||"
    )


def write_vcf(
    path: Path, listed: list[tuple[Statement, Allele]], build: str, style: str, prefix: str
) -> Path:
    header = ["##fileformat=VCFv4.2", CSQ, ANN, '##FORMAT=<ID=GT,Number=1,Type=String,Description="g">']
    header += ['##FORMAT=<ID=AD,Number=R,Type=Integer,Description="a">']
    header += [f"##contig=<ID={prefix}{name},length={length}>" for name, length in LENGTHS[build].items()]
    header += [f"##reference={build}", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1"]
    order = sorted(listed, key=lambda pair: pair[1])
    lines = [
        f"{prefix}{allele.chrom}\t{allele.pos}\t.\t{allele.ref}\t{allele.alt}\t.\tPASS\t"
        f"{info(one, allele.alt, style)}\tGT:AD\t0/1:70,30"
        for one, allele in order
    ]
    path.write_text("\n".join([*header, *lines]) + "\n", encoding="utf-8")
    return path


def spread(listed: list[tuple[Statement, Allele]]) -> list[list[tuple[Statement, Allele]]]:
    """Groups in which no two alleles are neighbours, so that joining adjacent SNVs leaves them be."""
    groups: list[list[tuple[Statement, Allele]]] = []
    for one, allele in sorted(listed, key=lambda pair: pair[1]):
        for group in groups:
            last = group[-1][1]
            if last.chrom != allele.chrom or allele.pos > last.pos + len(last.ref) + 30:
                group.append((one, allele))
                break
        else:
            groups.append([(one, allele)])
    return groups


@pytest.mark.parametrize("build", ["GRCh37", "GRCh38"])
@pytest.mark.parametrize("style", ["vep", "snpeff", "plain"])
@pytest.mark.parametrize("form", ["listed", "shifted"])
def test_found_through_the_counts_step(tmp_path: Path, build: str, style: str, form: str) -> None:
    matcher = make_matcher(STATEMENTS, build)
    planted = [(one, one.alleles[build]) for one in LISTED]
    if form == "shifted":
        indels = [(one, allele) for one, allele in planted if kind(allele) not in ("snv", "mnv")]
        split = [
            (one, part)
            for one, allele in planted
            if kind(allele) == "mnv"
            for part in substitutions(trimmed(allele))
        ]
        planted = [(one, shifted(allele, build)) for one, allele in indels]
        groups = spread(planted)
        groups += [
            [pair for pair in split if pair[0].id == name] for name in sorted({s.id for s, _ in split})
        ]
    else:
        groups = spread(planted)
    found: dict[str, set[str]] = defaultdict(set)
    prefix = "chr" if build == "GRCh38" else ""
    vcfs = [
        write_vcf(tmp_path / f"{number}.vcf", group, build, style, prefix)
        for number, group in enumerate(groups)
    ]
    rows = [(f"P{number}", f"P{number}", path, 0.6, "female") for number, path in enumerate(vcfs)]
    sheet = write_table(tmp_path / "samples.tsv", "patient sample vcf purity sex", rows)
    settings = {**SETTINGS, "build": build}
    for number, group in enumerate(groups):
        out = tmp_path / f"out{number}"
        run_counts(sheet, f"P{number}", out, settings, None)
        table = read_table(out / "counts.tsv")
        variants = [
            Variant(
                make_allele(row["chrom"], row["pos"], row["ref"], row["alt"]),
                row["gene"],
                row["hgvsp"],
                row["hgvsc"],
                row["transcript"],
            )
            for row in table.rows()
        ]
        known = tumour(variants, [[1.0]] * len(variants), cluster=[1] * len(variants), build=build)
        events = small_variant_events(known, matcher, {}, settings)
        hits = {hit.statement.id for event in events for hit in event.hits}
        for one, _ in group:
            found[one.id] |= {one.id} & hits
    wanted = {one.id for group in groups for one, _ in group}
    assert {name for name in wanted if not found[name]} == set()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("egfr_t790m_c797g_l858r_cis", {"T790M", "C797G", "L858R"}),
        ("egfr_ex19del_t790m_c797s_trans", {"T790M", "C797S", "E746_S752delinsA"}),
    ],
)
def test_real_egfr_vcfs_without_reads(shared: Path, tmp_path: Path, name: str, expected: set[str]) -> None:
    """All three drivers are found (the deletion by its class); their phase is never guessed."""
    vcf = shared / "data" / "vcf-fixtures" / f"{name}.vcf"
    sheet = write_table(tmp_path / "s.tsv", "patient sample vcf purity", [("P", "S", vcf, 0.5)])
    settings = {**SETTINGS, "build": "GRCh37"}
    run_counts(sheet, "P", tmp_path / "counts", settings, None)
    table = read_table(tmp_path / "counts" / "counts.tsv")
    variants = [
        Variant(make_allele(row["chrom"], row["pos"], row["ref"], row["alt"]), row["gene"], row["hgvsp"])
        for row in table.rows()
    ]
    known = tumour(variants, [[1.0]] * len(variants), cluster=[1] * len(variants), build="GRCh37")
    events = small_variant_events(known, make_matcher(STATEMENTS, "GRCh37"), {}, settings)
    assert {event.event for event in events} == expected
    rows = phase_rows(known, events, {}, {"R1": vcf}, settings)
    assert {row["verdict"] for row in rows} == {"not_assessable"}
