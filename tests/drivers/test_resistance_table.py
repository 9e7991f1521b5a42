"""The shipped table against itself and by independent routes: exon arithmetic, the genetic code, translation.

The oracles here are written anew in plain Python; none of the package's allele or transcript code is used by
them.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

import pytest

from truncal.drivers.statements import load_statements, read_statements
from truncal.paths import resource

BASES = "TCAG"
AMINO = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODE = {"".join(codon): aa for codon, aa in zip(itertools.product(BASES, repeat=3), AMINO, strict=True)}
THREE = dict(
    zip(
        "ARNDCQEGHILKMFPSTWYV",
        [
            "Ala", "Arg", "Asn", "Asp", "Cys", "Gln", "Glu", "Gly", "His", "Ile", "Leu", "Lys", "Met", "Phe",
            "Pro", "Ser", "Thr", "Trp", "Tyr", "Val",
        ],
        strict=True,
    )
)  # fmt: skip
ONE = {three: one for one, three in THREE.items()} | {"Ter": "*"}
COMPLEMENT = str.maketrans("ACGT", "TGCA")


def rows(name: str) -> list[dict[str, str]]:
    with Path(resource(name)).open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))


TABLE = rows("resistance.tsv")
TRANSCRIPTS = {row["gene"]: row for row in rows("transcripts.tsv")}
CONTEXTS = rows("contexts.tsv")
ALLELES = [row for row in TABLE if ">" in row["grch37"]]
SUBSTITUTIONS = [row for row in ALLELES if row["alteration_class"] in ("snv", "mnv")]


@lru_cache
def coding_bases(gene: str, build: str) -> list[int]:
    """Genomic coding bases in reading direction."""
    row = TRANSCRIPTS[gene]
    exons = [tuple(map(int, part.split("-"))) for part in row[f"coding_{build}"].split(";")]
    walk = [pos for first, last in exons for pos in range(first, last + 1)]
    return walk if row["strand"] == "+" else walk[::-1]


def genomic(gene: str, number: int, build: str) -> int:
    """Genomic base of a c. number, by walking the coding exons."""
    return coding_bases(gene, build)[number - 1]


def split(text: str) -> tuple[str, int, str, str]:
    chrom, pos, change = text.split(":")
    ref, alt = change.split(">")
    return chrom.removeprefix("chr"), int(pos), ref, alt


def shortest(text: str) -> tuple[str, int, str, str]:
    """An allele without the bases that both sides share, right side first."""
    chrom, pos, ref, alt = split(text)
    while ref and alt and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    while ref and alt and ref[0] == alt[0]:
        pos, ref, alt = pos + 1, ref[1:], alt[1:]
    return chrom, pos, ref, alt


def meaning(text: str) -> tuple[str, ...] | tuple[str, int, str, str]:
    """The sequence that a GRCh37 allele gives where a context shows it, else its shortest form."""
    chrom, pos, ref, alt = shortest(text)
    for context in CONTEXTS:
        at = pos - int(context["start_grch37"])
        if context["chrom"] == chrom and at >= 0 and at + len(ref) <= len(context["sequence"]):
            sequence = context["sequence"]
            return context["name"], sequence[:at] + alt + sequence[at + len(ref) :]
    return chrom, pos, ref, alt


def test_every_row_obeys_the_schema() -> None:
    assert len(read_statements(resource("resistance.tsv"), source="x", check=True)) == len(TABLE)
    assert len({row["id"] for row in TABLE}) == len(TABLE)


def test_verification_columns_are_filled() -> None:
    for row in TABLE:
        assert row["verification"] in ("verified", "from memory"), row["id"]
        assert row["clinical_claim_source"] != "NA", row["id"]
        if row["pmids"] != "NA":
            given = [part.partition(":")[0] for part in row["pmid_status"].split(";")]
            assert given == row["pmids"].split(";"), row["id"]


@pytest.mark.parametrize("build", ["grch37", "grch38"])
def test_substitutions_follow_from_exons_and_strand(build: str) -> None:
    checked = 0
    for row in SUBSTITUTIONS:
        single = re.fullmatch(r"c\.(\d+)([ACGT])>([ACGT])", row["hgvs_c"])
        several = re.fullmatch(r"c\.(\d+)_(\d+)delins([ACGT]+)", row["hgvs_c"])
        chrom, pos, ref, alt = split(row[build])
        transcript = TRANSCRIPTS[row["gene"]]
        assert chrom == transcript["chrom"]
        if transcript["strand"] == "-":
            ref, alt = ref.translate(COMPLEMENT)[::-1], alt.translate(COMPLEMENT)[::-1]
        if single:
            first = last = int(single[1])
            assert (ref, alt) == (single[2], single[3]), row["id"]
        else:
            assert several, row["id"]
            first, last = int(several[1]), int(several[2])
            assert alt == several[3], row["id"]
        places = sorted(genomic(row["gene"], number, build) for number in range(first, last + 1))
        assert places == list(range(pos, pos + len(ref))), row["id"]
        checked += 1
    assert checked == len(SUBSTITUTIONS) > 250


def test_a_codon_exists_that_explains_all_changes_of_a_residue() -> None:
    """For each residue, some reference codon must give every row's amino acids and have every row's bases."""
    residues = defaultdict(list)
    for row in SUBSTITUTIONS:
        change = re.fullmatch(r"p\.([A-Z][a-z]{2})(\d+)([A-Z][a-z]{2})", row["hgvs_p"])
        assert change, row["id"]
        numbers = [int(number) for number in re.findall(r"\d+", row["hgvs_c"])]
        _, _, ref, alt = split(row["grch37"])
        if TRANSCRIPTS[row["gene"]]["strand"] == "-":
            ref, alt = ref.translate(COMPLEMENT)[::-1], alt.translate(COMPLEMENT)[::-1]
        first = numbers[0]
        assert (first + 2) // 3 == int(change[2]) == (numbers[-1] + 2) // 3, row["id"]
        residues[row["gene"], int(change[2])].append(
            (ONE[change[1]], ONE[change[3]], (first - 1) % 3, ref, alt)
        )
    for (gene, residue), changes in residues.items():
        fitting = [
            codon
            for codon in CODE
            if all(
                CODE[codon] == before
                and codon[at : at + len(ref)] == ref
                and CODE[codon[:at] + alt + codon[at + len(ref) :]] == after
                for before, after, at, ref, alt in changes
            )
        ]
        assert fitting, f"{gene} {residue}: {changes}"


@pytest.mark.parametrize("build", ["grch37", "grch38"])
def test_reference_bases_are_those_of_the_contexts(build: str) -> None:
    checked = set()
    for row in ALLELES:
        chrom, pos, ref, _ = split(row[build])
        for context in CONTEXTS:
            at = pos - int(context[f"start_{build}"])
            inside = at >= 0 and at + len(ref) <= len(context["sequence"])
            if context["chrom"] == chrom and inside:
                assert context["sequence"][at : at + len(ref)] == ref, row["id"]
                checked.add(row["id"])
    assert len(checked) > 90
    assert {row["id"] for row in ALLELES if row["alteration_class"] == "indel"} <= checked


def test_both_builds_differ_by_one_offset_per_stretch() -> None:
    """Alleles of a gene within 20 kb move by the same number of bases from one build to the other."""
    places = defaultdict(list)
    for row in ALLELES:
        chrom, pos, ref, alt = split(row["grch37"])
        other = split(row["grch38"])
        assert (chrom, ref, alt) == (other[0], *other[2:]), row["id"]
        places[row["gene"]].append((pos, other[1] - pos))
    for gene, found in places.items():
        found.sort()
        for (one, first), (two, second) in itertools.pairwise(found):
            assert two - one > 20_000 or first == second, gene
    for context in CONTEXTS:
        shift = int(context["start_grch38"]) - int(context["start_grch37"])
        own = [
            delta
            for gene, found in places.items()
            for pos, delta in found
            if context["name"].startswith(gene)
        ]
        assert shift in own


def coding_sequence(context: dict[str, str], gene: str) -> tuple[str, int]:
    """Coding part of a context in reading direction, from its first whole codon; number of that codon."""
    transcript = TRANSCRIPTS[gene]
    start = int(context["start_grch37"])
    for part in transcript["coding_grch37"].split(";"):
        first, last = map(int, part.split("-"))
        if first >= start and last < start + len(context["sequence"]):
            break
    else:
        raise AssertionError(context["name"])
    sequence = context["sequence"][first - start : last - start + 1]
    number = min(coding_bases(gene, "grch37").index(edge) + 1 for edge in (first, last))
    if transcript["strand"] == "-":
        sequence = sequence.translate(COMPLEMENT)[::-1]
    skip = (1 - number) % 3
    return sequence[skip:], (number + skip + 2) // 3


def translate(sequence: str) -> str:
    whole = len(sequence) // 3 * 3
    return "".join(CODE[sequence[i : i + 3]] for i in range(0, whole, 3))


def changed_protein(protein: str, first: int, hgvs_p: str) -> str:
    """The protein after the change that `hgvs_p` states."""
    text = hgvs_p.removeprefix("p.")
    for three, one in ONE.items():
        text = text.replace(three, one)
    found = re.fullmatch(r"([A-Z])(\d+)(?:_([A-Z])(\d+))?(delins|del|ins|dup)([A-Z]*)", text)
    assert found, hgvs_p
    low = int(found[2]) - first
    high = int(found[4] or found[2]) - first
    assert protein[low] == found[1]
    assert found[3] is None or protein[high] == found[3]
    if found[5] == "ins":
        return protein[: low + 1] + found[6] + protein[high:]
    middle = protein[low : high + 1] * 2 if found[5] == "dup" else found[6]
    return protein[:low] + middle + protein[high + 1 :]


@pytest.mark.parametrize(
    "row", [row for row in ALLELES if row["alteration_class"] == "indel"], ids=lambda row: row["id"]
)
def test_indels_translate_to_their_protein_change(row: dict[str, str]) -> None:
    chrom, pos, ref, alt = split(row["grch37"])
    context = next(
        one
        for one in CONTEXTS
        if one["chrom"] == chrom and 0 < pos - int(one["start_grch37"]) < len(one["sequence"]) - len(ref)
    )
    at = pos - int(context["start_grch37"])
    sequence = context["sequence"]
    mutated = {**context, "sequence": sequence[:at] + alt + sequence[at + len(ref) :]}
    before, first = coding_sequence(context, row["gene"])
    # the exon's end moves with the indel: take what follows the unchanged start (or, on -, the unchanged end)
    strand = TRANSCRIPTS[row["gene"]]["strand"]
    kept = 40  # bases of exon on either side are far from every listed indel
    if strand == "+":
        start = sequence.index(before[:kept]) if at > sequence.index(before[:kept]) else None
        if start is None:  # an insertion that is written in the intron
            start = sequence.index(before[:kept])
        after = mutated["sequence"][start : start + len(before) + len(alt) - len(ref)]
    else:
        flipped = mutated["sequence"].translate(COMPLEMENT)[::-1]
        end = flipped.index(before[-kept:]) + kept
        after = flipped[end - (len(before) + len(alt) - len(ref)) : end]
    protein = translate(before)
    expected = changed_protein(protein, first, row["hgvs_p"])
    assert translate(after) == expected
    previous = ""
    if row["gene"] == "EGFR" and first == 762:  # a name of the same change starts in the exon before
        previous = translate(
            coding_sequence(next(c for c in CONTEXTS if c["name"] == "EGFR exon 19"), "EGFR")[0]
        )
    for synonym in row["synonyms"].split(";") if row["synonyms"] != "NA" else ():
        changed = changed_protein(previous + protein, first - len(previous), f"p.{synonym}")
        assert changed == previous + expected


def test_class_windows_are_the_stated_codons() -> None:
    wanted = {
        "RD0285": (729, 761, True),
        "RD0286": (762, 775, False),
        "RD0287": (709, 710, False),
        "RD0300": (770, 783, False),
    }
    by_id = {row["id"]: row for row in TABLE}
    for name, (first, last, exon) in wanted.items():
        for build in ("grch37", "grch38"):
            low, high = map(int, by_id[name][build].split(":")[1].split("-"))
            gene = by_id[name]["gene"]
            assert high == genomic(gene, last * 3, build)
            start = genomic(gene, first * 3 - 2, build)
            assert low == (low if exon else start)
            assert low - start in range(0, 3) if exon else low == start
    met = by_id["RD0295"]
    for build in ("grch37", "grch38"):
        parts = TRANSCRIPTS["MET"][f"coding_{build}"].split(";")
        assert met[build].split(":")[1] in parts
        assert genomic("MET", 3028, build) == int(met[build].split("-")[1])


def test_splice_alleles_of_met_are_at_the_exon_s_edges() -> None:
    for build in ("grch37", "grch38"):
        first, last = map(int, next(r for r in TABLE if r["id"] == "RD0295")[build].split(":")[1].split("-"))
        for row in TABLE:
            if row["alteration_class"] == "splice_snv":
                found = re.fullmatch(r"c\.(\d+)([+-])([12])([ACGT])>([ACGT])", row["hgvs_c"])
                assert found, row["id"]
                _, pos, ref, alt = split(row[build])
                distance = int(found[3])
                assert pos == (last + distance if found[2] == "+" else first - distance), row["id"]
                assert (ref, alt) == (found[4], found[5])


def test_agrees_with_civic(shared: Path) -> None:
    """GRCh37 alleles of the same gene and change in CIViC's evidence table, where it states them."""
    from truncal.drivers.civic import read_civic

    stated = defaultdict(set)
    for one in read_civic(shared / "data" / "knowledge" / "civic_2021-02_evidence.tsv.gz"):
        if "GRCh37" in one.alleles:
            stated[one.gene, one.alteration].add(meaning(str(one.alleles["GRCh37"])))
    compared, other = 0, []
    listed = defaultdict(set)
    for row in ALLELES:
        listed[row["gene"], row["alteration"]].add(meaning(row["grch37"]))
    for key, own in listed.items():
        if key in stated:
            compared += 1
            if not stated[key] & own:  # another base change of the same codon that gives the same residue
                other.append(key)
                assert all(
                    isinstance(one[1], int) and isinstance(two[1], int) and abs(one[1] - two[1]) <= 2
                    for one in own
                    for two in stated[key]
                ), (key, own, stated[key])
    assert compared > 60
    assert len(other) <= 2


def test_nothing_is_embedded_from_restricted_bases() -> None:
    """Restricted bases are named as cross-checks of alleles only; no statement rests on them alone
    unmarked.
    """
    for one in load_statements():
        if one.claim_source and "restricted" in one.claim_source:
            assert one.claim_source == "cross-check only (restricted KB)"
