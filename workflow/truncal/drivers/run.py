"""The drivers step: counts and phylogeny in, driver tables out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from truncal.drivers.alleles import BUILDS, load_contexts, parse_allele
from truncal.drivers.civic import read_civic
from truncal.drivers.copynumber import copy_number_events, copy_number_rows, gene_states
from truncal.drivers.drugs import load_drugs
from truncal.drivers.events import Event, small_variant_events
from truncal.drivers.flags import all_flags
from truncal.drivers.fusions import fusion_events, fusion_genes, read_fusions
from truncal.drivers.genes import load_driver_genes
from truncal.drivers.matching import Matcher
from truncal.drivers.notassessable import not_assessable_rows
from truncal.drivers.oncokb import read_oncokb
from truncal.drivers.phase import phase_rows
from truncal.drivers.polytargeting import polytargeting
from truncal.drivers.power import key_alleles, power_rows
from truncal.drivers.rules import Variant, consequence
from truncal.drivers.segments import read_segments_table
from truncal.drivers.statements import FUSION, Statement, by_match, load_statements
from truncal.drivers.timing import read_treatments, timing_rows
from truncal.drivers.transcripts import Transcripts, load_transcripts
from truncal.drivers.tumour import Tumour, read_tumour
from truncal.drivers.twohits import biallelic_events, transformation_risk
from truncal.drivers.write import write_drivers
from truncal.provenance import sections, write_step


@dataclass(frozen=True)
class DriverInputs:
    """Files beside counts and phylogeny, all optional; bams and vcfs are by sample id."""

    segments: Path | None = None
    bams: Mapping[str, Path] = field(default_factory=dict)
    vcfs: Mapping[str, Path] = field(default_factory=dict)
    treatments: Path | None = None
    fusions: Path | None = None
    patient: str | None = None
    reference: Path | None = None

    def files(self) -> list[Path]:
        """All of them but the reference genome, each once, for the record."""
        named = (self.segments, self.treatments, self.fusions, *self.vcfs.values(), *self.bams.values())
        return list(dict.fromkeys(path for path in named if path is not None))


def run_drivers(
    counts: Path,
    phylogeny: Path,
    out: Path,
    settings: Mapping[str, Any],
    inputs: DriverInputs | None = None,
) -> list[Event]:
    """Find, label and write the driver events of a patient.

    Raises
    ------
    UserError
        a table is missing or faulty; all faults of a table at once.

    """
    if inputs is None:
        beside = counts.parent / "segments.tsv"
        inputs = DriverInputs(segments=beside if beside.exists() else None)
    given = settings.get("build", "auto")
    tumour = read_tumour(counts, phylogeny, None if given == "auto" else given)
    statements = load_all(settings)
    events, matcher = find_small_variants(tumour, statements, settings)
    segments = read_segments_table(inputs.segments) if inputs.segments is not None else {}
    states = gene_states(tumour, segments, statements, settings["drivers"]) if segments else {}
    events += copy_number_events(tumour, states, statements, settings)
    events += find_fusions(tumour, inputs, statements, settings, matcher.models)
    events += biallelic_events(tumour, events, states, statements, settings)
    lineage, lineage_flags = transformation_risk(tumour, events, statements, settings)
    events += lineage
    drugs = load_drugs()
    phases = phase_rows(tumour, events, inputs.bams, inputs.vcfs, settings, inputs.reference)
    treatments = read_treatments(inputs.treatments, inputs.patient) if inputs.treatments else []
    counted = count_key_alleles(tumour, events, statements, inputs, settings)
    sets, coverage = polytargeting(tumour, events, phases, statements, drugs, settings["drivers"])
    tables: dict[str, Sequence[Mapping[str, Any]]] = {
        "copy_number_drivers": copy_number_rows(tumour, states, events),
        "power": power_rows(tumour, events, statements, segments, counted, settings),
        "phase": phases,
        "timing": timing_rows(tumour, events, treatments, drugs, settings),
        "polytargeting": sets,
        "coverage": coverage,
        "treatments": [{"patient": inputs.patient, **vars(one)} for one in treatments],
        "flags": [*lineage_flags, *all_flags(tumour, events, tumour.polyclonal, drugs, phases)],
        "not_assessable": not_assessable_rows(
            statements,
            copy_number=bool(states) or np.isfinite(tumour.minor).any(),
            fusions=inputs.fusions is not None,
            time_points=len({one.order for one in tumour.samples if one.order is not None}) > 1,
            alleles=any(one.allele is not None or one.hgvsp for one in tumour.variants),
        ),
    }
    write_drivers(out, events, tumour, tables)
    options = settings["drivers"]
    write_step(
        out,
        "drivers",
        parameters=sections(settings, "build", "reads", "clonality", "drivers", "fusions", "treatments"),
        inputs=[
            counts,
            *(phylogeny / name for name in ("mutations.tsv", "ccf.tsv", "clusters.tsv", "trees.tsv")),
            *(Path(options[name]) for name in ("table", "extend", "civic", "oncokb") if options[name]),
            *inputs.files(),
        ],
        warnings=tumour.warnings,
        summary=_summary(events, statements, matcher),
    )
    return events


def find_fusions(
    tumour: Tumour,
    inputs: DriverInputs,
    statements: Sequence[Statement],
    settings: Mapping[str, Any],
    models: Transcripts,
) -> list[Event]:
    """Events of the table or VCF of fusions, if one was given."""
    if inputs.fusions is None:
        return []
    genes = {gene for one in by_match(statements, FUSION) for gene in fusion_genes(one)}
    found = read_fusions(inputs.fusions, tumour, inputs.patient, models, genes)
    return fusion_events(tumour, found, statements, settings)


def count_key_alleles(
    tumour: Tumour,
    events: Sequence[Event],
    statements: Sequence[Statement],
    inputs: DriverInputs,
    settings: Mapping[str, Any],
) -> dict[tuple[str, str], tuple[int, int]]:
    """Reads at the key alleles that were seen nowhere, from the samples' BAM or CRAM files."""
    wanted = key_alleles(tumour, events, statements, settings["drivers"]["key_alleles"])
    alleles = [one.alleles[tumour.build or ""] for one in wanted]
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for sample in tumour.sample_ids if alleles else ():
        if sample not in inputs.bams:
            continue
        from truncal.reads.bam import count_sites

        counts = count_sites(
            inputs.bams[sample],
            [one.chrom for one in alleles],
            [one.pos for one in alleles],
            [one.ref for one in alleles],
            [one.alt for one in alleles],
            reference=inputs.reference,
            build=tumour.build,
            min_base_quality=settings["reads"]["min_base_quality"],
            min_mapping_quality=settings["reads"]["min_mapping_quality"],
        )
        for number, one in enumerate(wanted):
            found[one.id, sample] = (int(counts.alt[number]), int(counts.depth[number]))
    return found


def load_all(settings: Mapping[str, Any]) -> list[Statement]:
    """The resistance table with everything the settings add to it."""
    options = settings["drivers"]
    extend = [options["extend"]] if options["extend"] else []
    table = load_statements(options["table"], extend)
    civic = read_civic(options["civic"], options["civic_build"]) if options["civic"] else []
    oncokb = read_oncokb(options["oncokb"], table) if options["oncokb"] else []
    return [*table, *civic, *oncokb]


def find_small_variants(
    tumour: Tumour, statements: Sequence[Statement], settings: Mapping[str, Any]
) -> tuple[list[Event], Matcher]:
    """Events of the mutations, and the matcher of the build they are in."""
    build = tumour.build or guess_build(tumour, statements)
    if build is None:
        tumour.warnings.append(
            (
                "build_unknown",
                "The genome build is unknown: alleles were not compared, only annotated protein changes.",
            )
        )
    matcher = make_matcher(statements, build or BUILDS[1])
    if build is None:
        tumour.variants = [
            type(one)(None, one.gene, one.hgvsp, one.hgvsc, one.transcript) for one in tumour.variants
        ]
    else:
        tumour.build = build
        _check_reference(tumour, matcher)
        tumour.listed_excluded = _listed_excluded(tumour, matcher)
    genes = load_driver_genes()
    events = small_variant_events(tumour, matcher, genes, settings)
    _count_unannotated(tumour, matcher, set(genes))
    unqualified = [name for one in tumour.variants if (name := matcher.unqualified(one)) is not None]
    if unqualified:
        text = (
            f"{', '.join(dict.fromkeys(unqualified))}: listed in the resistance table, but the input has "
            "neither the allele nor the transcript of the protein change. Residue numbers differ between "
            "transcripts, so the table's statements were not applied. Give alleles and `build`, or annotated "
            "VCFs."
        )
        tumour.warnings.append(("no_transcript", text))
    return events, matcher


def make_matcher(statements: Sequence[Statement], build: str) -> Matcher:
    """The look-up in one build."""
    return Matcher(statements, build, load_contexts(build), load_transcripts(build))


def guess_build(tumour: Tumour, statements: Sequence[Statement]) -> str | None:
    """The build that fits the mutations: whose listed alleles they hit or, failing that, whose exons they
    lie in.

    `None` where neither tells the builds apart.
    """
    hits, inside = [], []
    alleles = [variant.allele for variant in tumour.variants if variant.allele is not None]
    for build in BUILDS:
        matcher = make_matcher(statements, build)
        hits.append(sum(bool(matcher.by_allele.get(matcher.where.key(allele))) for allele in alleles))
        inside.append(
            sum(
                any(model.coding_position(allele.pos) is not None for model in matcher.models.at(allele))
                for allele in alleles
            )
        )
    for scores in (hits, inside):
        if min(scores) == 0 < max(scores) or max(scores) > 3 * min(scores):
            return BUILDS[scores.index(max(scores))]
    return None


def _check_reference(tumour: Tumour, matcher: Matcher) -> None:
    wrong = []
    for name, variant in zip(tumour.mutation_ids, tumour.variants, strict=True):
        context = matcher.where.find(variant.allele) if variant.allele is not None else None
        if context is not None and variant.allele is not None and not context.agrees(variant.allele):
            wrong.append(name)
    if wrong:
        tumour.warnings.append(
            (
                "reference_mismatch",
                f"{len(wrong)} mutations have reference bases that {matcher.build} does not have there "
                f"(first: {wrong[0]}); the build may be another one.",
            )
        )


def _listed_excluded(tumour: Tumour, matcher: Matcher) -> dict[str, str]:
    """Excluded mutations whose id spells an allele of the table (`7:55259515:T>G`, `7:55259515:T:G`)."""
    out = {}
    for name, *_ in tumour.excluded:
        head, _, alt = name.replace("_", ":").rpartition(":")
        allele = parse_allele(name) or parse_allele(f"{head}>{alt}")
        hits = matcher.match(Variant(allele)) if allele is not None else []
        if hits:
            out[name] = f"{hits[0].statement.gene} {hits[0].statement.alteration}"
    return out


def _count_unannotated(tumour: Tumour, matcher: Matcher, genes: set[str]) -> None:
    unknown = 0
    for variant in tumour.variants:
        if consequence(variant, matcher.models) == "coding":
            gene = variant.gene or matcher.gene_at(variant.allele)
            unknown += gene in genes
    if unknown:
        tumour.warnings.append(
            (
                "not_annotated",
                f"{unknown} coding substitutions in driver genes carry no annotation; beyond the alleles of "
                "the resistance table, their effect is unknown and they are not listed.",
            )
        )


def _summary(events: Sequence[Event], statements: Sequence[Statement], matcher: Matcher) -> dict[str, Any]:
    labels = [event.label for event in events]
    return {
        "n_drivers": len(events),
        **{f"n_{name}": labels.count(name) for name in ("clonal", "subclonal", "indeterminate")},
        "n_statements": len(statements),
        "n_statements_verified": sum(one.verified for one in statements),
        "build": matcher.build,
    }
