"""The drivers step: counts and phylogeny in, driver tables out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from truncal.drivers.alleles import BUILDS, load_contexts
from truncal.drivers.events import Event, small_variant_events
from truncal.drivers.genes import load_driver_genes
from truncal.drivers.matching import Matcher
from truncal.drivers.rules import consequence
from truncal.drivers.statements import Statement, load_statements
from truncal.drivers.transcripts import load_transcripts
from truncal.drivers.tumour import Tumour, read_tumour
from truncal.drivers.write import write_drivers
from truncal.provenance import write_step


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
        """Tables among them, for the record (BAMs and VCFs are recorded by the counts step)."""
        named = (self.segments, self.treatments, self.fusions)
        return [path for path in named if path is not None]


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
    inputs = inputs or DriverInputs()
    given = settings.get("build", "auto")
    tumour = read_tumour(counts, phylogeny, None if given == "auto" else given)
    statements = load_all(settings)
    events, matcher = find_small_variants(tumour, statements, settings)
    tables: dict[str, Sequence[Mapping[str, Any]]] = {}
    write_drivers(out, events, tumour, tables)
    table = settings["drivers"]["table"]
    write_step(
        out,
        "drivers",
        parameters={"drivers": dict(settings["drivers"]), "clonality": dict(settings["clonality"])},
        inputs=[
            counts,
            *(phylogeny / name for name in ("mutations.tsv", "ccf.tsv", "clusters.tsv", "trees.tsv")),
            *([Path(table)] if table else []),
            *inputs.files(),
        ],
        warnings=tumour.warnings,
        summary=_summary(events, statements, matcher),
    )
    return events


def load_all(settings: Mapping[str, Any]) -> list[Statement]:
    """The resistance table with everything the settings add to it."""
    options = settings["drivers"]
    extend = [options["extend"]] if options["extend"] else []
    return load_statements(options["table"], extend)


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
    matcher = make_matcher(statements, build or BUILDS[1], alleles=build is not None)
    if build is None:
        tumour.variants = [
            type(one)(None, one.gene, one.hgvsp, one.hgvsc, one.transcript) for one in tumour.variants
        ]
    else:
        tumour.build = build
        _check_reference(tumour, matcher)
    genes = load_driver_genes()
    events = small_variant_events(tumour, matcher, genes, settings)
    _count_unannotated(tumour, matcher, set(genes))
    return events, matcher


def make_matcher(statements: Sequence[Statement], build: str, *, alleles: bool = True) -> Matcher:
    """The look-up in one build."""
    return Matcher(
        statements if alleles else list(statements), build, load_contexts(build), load_transcripts(build)
    )


def guess_build(tumour: Tumour, statements: Sequence[Statement]) -> str | None:
    """The build whose alleles of the table the mutations hit, if exactly one is hit; else `None`."""
    hit = []
    for build in BUILDS:
        matcher = make_matcher(statements, build)
        if any(
            variant.allele is not None and matcher.by_allele.get(matcher.where.key(variant.allele))
            for variant in tumour.variants
        ):
            hit.append(build)
    return hit[0] if len(hit) == 1 else None


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
