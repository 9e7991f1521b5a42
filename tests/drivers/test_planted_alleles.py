"""Every listed allele is found however it is written; random variants in the same genes are not.

Oracles: equivalent placements are enumerated by trying every shift and comparing the sequences they give.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from test_resistance_table import CONTEXTS, THREE, TRANSCRIPTS
from tumours import SETTINGS, tumour

from truncal.drivers.alleles import Allele, kind, load_contexts, parse_allele, substitutions, trimmed
from truncal.drivers.events import small_variant_events
from truncal.drivers.genes import load_driver_genes
from truncal.drivers.hgvs import short_protein
from truncal.drivers.matching import Matcher
from truncal.drivers.rules import Variant
from truncal.drivers.run import make_matcher
from truncal.drivers.statements import Statement, load_statements

STATEMENTS = load_statements()
BUILDS = ("GRCh37", "GRCh38")
LISTED = [one for one in STATEMENTS if one.alleles]
MATCHERS = {build: make_matcher(STATEMENTS, build) for build in BUILDS}


def found(matcher: Matcher, one: Statement, variant: Variant) -> bool:
    """Whether the statement is met, or one that says the same of the same protein change."""
    return any(
        hit.statement.id == one.id or (hit.how == "protein" and hit.statement.alteration == one.alteration)
        for hit in matcher.match(variant)
    )


def placements(allele: Allele, build: str) -> list[Allele]:
    """All ways to write an allele inside its context: every start and length that gives the same sequence."""
    for context in CONTEXTS:
        start = int(context[f"start_{build.lower()}"])
        sequence = context["sequence"]
        at = allele.pos - start
        if context["chrom"] != allele.chrom or not 0 <= at <= len(sequence) - len(allele.ref):
            continue
        target = sequence[:at] + allele.alt + sequence[at + len(allele.ref) :]
        grown = len(allele.alt) - len(allele.ref)
        out = []
        for first in range(max(1, at - 25), min(len(sequence) - 2, at + 40)):
            if sequence[:first] != target[:first]:
                break
            for length in range(max(1, -grown + 1), len(allele.ref) + 45):
                last = first + length
                if last < len(sequence) - 1 and sequence[last:] == target[last + grown :]:
                    out.append(
                        Allele(
                            allele.chrom, start + first, sequence[first:last], target[first : last + grown]
                        )
                    )
        return out
    return [allele]


@pytest.mark.parametrize("build", BUILDS)
def test_unannotated_as_listed_with_and_without_prefix(build: str) -> None:
    matcher = MATCHERS[build]
    for one in LISTED:
        allele = one.alleles[build]
        assert found(matcher, one, Variant(allele)), one.id
        again = parse_allele(f"{allele.chrom}:{allele.pos}:{allele.ref.lower()}>{allele.alt.lower()}")
        assert found(matcher, one, Variant(again)), one.id


@pytest.mark.parametrize("build", BUILDS)
def test_annotated_only_with_a_transcript(build: str) -> None:
    """VEP (Ensembl transcript, three letters), SnpEff (RefSeq) and Funcotator (one letter) rows without
    alleles.
    """
    matcher = MATCHERS[build]
    one_letter = {three: letter for letter, three in THREE.items()}
    asked = 0
    for one in LISTED:
        if one.hgvs_p is None:
            continue
        refseq, ensembl = one.transcripts[0].split()[0], one.transcripts[1]
        short = re.sub("|".join(one_letter), lambda name: one_letter[name[0]], one.hgvs_p)
        for hgvsp, transcript in (
            (f"ENSP00000000001.2:{one.hgvs_p}", ensembl),
            (one.hgvs_p, refseq),
            (short, ensembl.partition(".")[0] + ".99"),
            (f"{refseq}:{one.hgvs_p}", None),
        ):
            assert found(matcher, one, Variant(None, one.gene, hgvsp, None, transcript)), (one.id, hgvsp)
        for transcript in (None, "ENST00000000009.1"):  # a bare change, or one of an unknown transcript
            hits = matcher.match(Variant(None, one.gene, one.hgvs_p, None, transcript))
            assert all(hit.how == "one_hit" for hit in hits), one.id
        asked += 1
    assert asked > 260


@pytest.mark.parametrize("build", BUILDS)
def test_indels_in_every_equivalent_placement(build: str) -> None:
    matcher = MATCHERS[build]
    tried = 0
    for one in LISTED:
        if kind(one.alleles[build]) in ("snv", "mnv"):
            continue
        ways = placements(one.alleles[build], build)
        assert len(ways) > 40, one.id
        for allele in ways:
            assert found(matcher, one, Variant(allele)), (one.id, str(allele))
        tried += len(ways)
    assert tried > 2000


@pytest.mark.parametrize("build", BUILDS)
def test_padded_substitutions(build: str) -> None:
    matcher = MATCHERS[build]
    for one in LISTED:
        allele = one.alleles[build]
        if kind(allele) in ("snv", "mnv"):
            padded = Allele(allele.chrom, allele.pos - 1, "A" + allele.ref + "C", "A" + allele.alt + "C")
            assert found(matcher, one, Variant(padded)), one.id


@pytest.mark.parametrize("build", BUILDS)
def test_mnvs_split_into_snvs_are_joined(build: str) -> None:
    matcher = MATCHERS[build]
    listed = [one for one in LISTED if kind(one.alleles[build]) == "mnv"]
    assert len(listed) == 6
    for one in listed:
        parts = substitutions(trimmed(one.alleles[build]))
        variants = [Variant(part) for part in parts]
        given = tumour(variants, [[1.0, 0.9]] * len(parts), cluster=[1] * len(parts), build=build)
        events = small_variant_events(given, matcher, {}, SETTINGS)
        assert [event.event for event in events] == [one.alteration], one.id
        assert len(events[0].mutations) == len(parts)
        # in different clones they are two mutations
        apart = tumour(
            variants,
            [[1.0, 0.9]] * len(parts),
            cluster=[1] + [2] * (len(parts) - 1),
            tree={1: 0, 2: 1},
            build=build,
        )
        assert all(
            hit.how != "joined_records"
            for event in small_variant_events(apart, matcher, {}, SETTINGS)
            for hit in event.hits
        )


@pytest.mark.parametrize("build", BUILDS)
def test_a_delins_split_into_two_records_is_joined(build: str) -> None:
    """E746_S752delinsV as a deletion and a substitution beside it."""
    matcher = MATCHERS[build]
    one = next(s for s in LISTED if s.id == "RD0018")
    allele = one.alleles[build]
    context = load_contexts(build).find(allele)
    assert context is not None
    at = allele.pos - context.start
    ref = context.sequence[at : at + len(allele.ref)]
    # delete all but the last base, then change that base
    deletion = Allele(
        allele.chrom, allele.pos - 1, context.sequence[at - 1] + ref[:-1], context.sequence[at - 1]
    )
    change = Allele(allele.chrom, allele.pos + len(ref) - 1, ref[-1], allele.alt)
    assert context.changed(deletion, change) == context.changed(allele)
    given = tumour([Variant(deletion), Variant(change)], [[1.0], [1.0]], cluster=[1, 1], build=build)
    events = small_variant_events(given, matcher, {}, SETTINGS)
    assert [(event.event, len(event.mutations)) for event in events] == [("E746_S752delinsV", 2)]


def test_substitutions_inside_longer_ones() -> None:
    """T790M with a change in the next codon is T790M; with another base of its own codon it is not."""
    matcher = MATCHERS["GRCh38"]
    next_codon = parse_allele("7:55181378:CGC>TGG")
    same_codon = parse_allele("7:55181378:CG>TA")
    assert [(h.statement.alteration, h.how) for h in matcher.match(Variant(next_codon))] == [
        ("T790M", "allele_in_mnv")
    ]
    assert not matcher.match(Variant(same_codon))


def test_isoforms_with_other_numbers() -> None:
    matcher = MATCHERS["GRCh38"]

    def alterations(hgvsp: str, transcript: str) -> list[str]:
        return [
            hit.statement.alteration for hit in matcher.match(Variant(None, None, hgvsp, None, transcript))
        ]

    assert alterations("p.Asp1246Asn", "NM_001127500.3") == ["D1228N"]
    assert alterations("p.Asp1228Asn", "NM_000245.4") == ["D1228N"]
    assert alterations("p.Asp1228Asn", "NM_001127500.3") == []
    assert alterations("p.Gly2026Arg", "NM_001378902.1") == ["G2032R"]
    assert alterations("p.Gly2026Arg", "ENST00000368508") == []
    assert alterations("p.Val600Glu", "ENST00000288602.6") == ["V600E"]
    assert alterations("p.Asp761_Glu762insGluAlaPheGln", "NM_005228.5") == ["A763_Y764insFQEA"]


def test_classes() -> None:
    matcher = MATCHERS["GRCh37"]

    def names(text: str) -> list[tuple[str, str]]:
        return [(hit.statement.id, hit.how) for hit in matcher.match(Variant(parse_allele(text)))]

    # an unlisted in-frame deletion of exon 19 (K745_E749del, 2233_2247del) is of the class, a frameshift is
    # not
    exon19 = next(one for one in CONTEXTS if one["name"] == "EGFR exon 19")["sequence"]
    at = 55242463 - 55242382
    assert names(f"7:55242462:{exon19[at - 1 : at + 15]}>{exon19[at - 1]}") == [("RD0285", "class")]
    assert names(f"7:55242462:{exon19[at - 1 : at + 13]}>{exon19[at - 1]}") == []
    # an insertion at codon 770 and one at codon 790
    assert names("7:55249012:C>CGGT") == [("RD0286", "class")]
    assert names("7:55249070:A>AGGT") == []
    # MET: donor +1, acceptor -3 SNV (no), acceptor indel, D1010, whole exon lost
    assert names("7:116412044:G>C")[0][1] == "allele"
    assert names("7:116411900:T>G") == []
    assert names("7:116411880:CTTTC>C") == [("RD0295", "class")]
    assert names("7:116412043:G>A")[0][1] == "allele"
    assert names("7:116412047:A>ATT") == [("RD0295", "class")]
    assert names("7:116412060:A>ATT") == []


def test_truncating_hits_of_suppressors_need_a_second() -> None:
    matcher = MATCHERS["GRCh38"]
    frameshift = [
        hit for hit in matcher.match(Variant(parse_allele("10:87933100:GA>G"))) if hit.how == "one_hit"
    ]
    assert [hit.statement.gene for hit in frameshift] == ["PTEN"]
    stop = matcher.match(Variant(None, "RB1", "p.Arg320Ter", None, "NM_000321.3"))
    assert [(hit.statement.gene, hit.how) for hit in stop] == [("RB1", "one_hit")]
    assert not matcher.match(Variant(None, "RB1", "p.Arg320Gln", None, "NM_000321.3"))


def test_ten_thousand_random_variants_give_no_false_hit() -> None:
    """SNVs, MNVs and indels in the coding exons and near splice sites of the table's genes, both builds."""
    rng = np.random.default_rng(7)
    genes = sorted({one.gene for one in LISTED} & set(TRANSCRIPTS))
    hits = 0
    for build in BUILDS:
        matcher = MATCHERS[build]
        listed = {str(trimmed(one.alleles[build])) for one in LISTED}
        sequences = load_contexts(build)
        haplotypes = {
            (context.name, context.changed(one.alleles[build]))
            for one in LISTED
            if (context := sequences.find(one.alleles[build]))
        }
        windows = [one.windows[build] for one in STATEMENTS if one.match.startswith("in_frame")]
        for _ in range(5000):
            gene = genes[rng.integers(len(genes))]
            row = TRANSCRIPTS[gene]
            exons = row[f"coding_{build.lower()}"].split(";")
            first, last = map(int, exons[rng.integers(len(exons))].split("-"))
            pos = int(rng.integers(first - 3, last + 4))
            shape = rng.choice(["snv", "snv", "snv", "mnv", "del", "ins"])
            width = int(rng.integers(1, 19))
            draw = ["".join(rng.choice(list("ACGT"), size=n)) for n in (1, 1, width + 1, 2, 2)]
            ref, alt = {
                "snv": (draw[0], draw[1]),
                "mnv": (draw[3], draw[4]),
                "del": (draw[2], draw[2][0]),
                "ins": (draw[0], draw[0] + draw[2][1:]),
            }[str(shape)]
            allele = parse_allele(f"{row['chrom']}:{pos}:{ref}>{alt}")
            if allele is None:
                continue
            met = [hit for hit in matcher.match(Variant(allele)) if hit.how != "one_hit"]
            if not met:
                continue
            hits += 1
            short = trimmed(allele)
            context = sequences.find(allele)
            for hit in met:
                if hit.how == "class":
                    change = len(short.alt) - len(short.ref)
                    if hit.statement.match == "exon_skipping":
                        assert gene == "MET" and abs(pos - 116411903) < 400000
                    else:
                        assert change % 3 == 0 != change
                        near = [w for w in windows if w[0] == short.chrom]
                        assert any(w[1] - 40 <= short.pos <= w[2] + 40 for w in near)
                elif hit.how == "allele_in_mnv":
                    assert any(str(part) in listed for part in substitutions(short))
                else:
                    same = context is not None and (context.name, context.changed(allele)) in haplotypes
                    assert str(short) in listed or same
    assert hits > 0  # the draw is dense enough to meet some


def test_short_protein_spellings() -> None:
    assert {
        short_protein(text)
        for text in ("p.Leu858Arg", "ENSP00000275493.2:p.Leu858Arg", "p.(Leu858Arg)", "L858R", "858L>858R")
    } == {"L858R"}
    assert short_protein("p.Arg213Ter") == short_protein("p.R213X") == short_protein("R213*") == "R213*"
    assert short_protein("NP_000537.3:p.Lys132AsnfsTer38") == "K132Nfs*38"
    assert short_protein("p.Glu746_Ala750del") == "E746_A750del"
    assert short_protein("p.Leu858%3D") == "L858="
    assert short_protein("c.2573T>G") is None or short_protein("") is None


def test_driver_genes_are_listed_without_a_claim() -> None:
    variants = [
        Variant(None, "ATM", "p.R337C"),
        Variant(None, "ATM", "p.R337="),
        Variant(None, "APC", "p.Q1338Ter"),
        Variant(None, "NOTADRIVER", "p.R1C"),
    ]
    given = tumour(variants, [[1.0, 1.0]] * 4, cluster=[1] * 4)
    events = small_variant_events(given, MATCHERS["GRCh38"], load_driver_genes(), SETTINGS)
    assert [(event.gene, event.role, event.drugs("sensitive")) for event in events] == [
        ("ATM", "driver_gene", []),
        ("APC", "driver_gene", []),
    ]
    assert all("IntOGen" in event.evidence[0] for event in events)


def test_each_source_speaks_by_its_first_way() -> None:
    """Another source's class stands beside the shipped allele; the shipped class does not; FQEA is exempt."""
    shipped = {one.id: one for one in STATEMENTS}
    others = [
        replace(shipped["RD0285"], id="X19", source="other"),
        replace(shipped["RD0286"], id="X20", source="other"),
    ]
    matcher = make_matcher([*STATEMENTS, *others], "GRCh38")

    def names(statement: str) -> set[str]:
        return {hit.statement.id for hit in matcher.match(Variant(shipped[statement].alleles["GRCh38"]))}

    assert names("RD0012") == {"RD0012", "X19"}
    assert names("RD0021") == {"RD0021", "X20"}
    assert names("RD0019") == {"RD0019"}


@pytest.mark.parametrize("hgvsp", ["p.L858R", "p.Leu858Arg", "L858R"])
def test_a_listed_change_without_a_transcript_is_told_not_met(hgvsp: str) -> None:
    matcher = MATCHERS["GRCh38"]
    bare_change = Variant(None, "EGFR", hgvsp, None, None)
    assert matcher.unqualified(bare_change) == "EGFR L858R" and not matcher.match(bare_change)
    assert matcher.unqualified(replace(bare_change, gene="KRAS")) is None
    assert matcher.unqualified(replace(bare_change, hgvsp="p.L858Q")) is None
    qualified = replace(bare_change, transcript="NM_005228.5")
    assert matcher.unqualified(qualified) is None and matcher.match(qualified)
