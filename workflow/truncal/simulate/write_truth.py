"""The truth of a cohort as tables, for scoring only: never an input of the pipeline."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from truncal.simulate.genome import CHROMOSOMES
from truncal.simulate.mutations import KINDS, SOMATIC
from truncal.simulate.tumour import Tumour, contig_prefix
from truncal.simulate.write_counts import genome_order
from truncal.tables import atomic, cell

HEADERS: dict[str, tuple[str, ...]] = {
    "mutations": (
        *("patient", "mutation_id", "chrom", "pos", "ref", "alt", "kind", "cluster_id", "clonal", "truncal"),
        *("haplotype", "time", "resistance_id", "n_called"),
    ),
    "ccf": (
        *("patient", "mutation_id", "sample_id", "ccf", "dcf", "multiplicity", "vaf"),
        *("alt_counts", "depth", "called"),
    ),
    "tree": ("patient", "parent", "child", "n_mutations"),
    "clusters": ("patient", "cluster_id", "sample_id", "dcf"),
    "proportions": ("patient", "cluster_id", "sample_id", "proportion"),
    "samples": ("patient", "sample_id", "purity", "purity_reported", "ploidy", "wgd", "mean_depth"),
    "drivers": (
        *("patient", "gene", "alteration", "kind", "resistance_id", "mutation_id", "cluster_id", "label"),
        *("truncal", "first_day", "days_before", "partner", "phase", "detectable"),
    ),
    "events": ("patient", "cluster_id", "kind", "target", "haplotype", "time", "copies"),
    "copy_number": (
        *("patient", "sample_id", "chrom", "start", "end", "mean_major", "mean_minor", "altered_fraction"),
    ),
}


class TruthWriter:
    """Writes one table of each kind, patient by patient; they appear when the `with` block ends well."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> TruthWriter:
        self._files = ExitStack()
        self._handles = {
            name: self._files.enter_context(atomic(self.folder / f"{name}.tsv")) for name in HEADERS
        }
        for name, handle in self._handles.items():
            handle.write("\t".join(HEADERS[name]) + "\n")
        return self

    def __exit__(self, *error: Any) -> None:
        self._files.__exit__(*error)

    def add(self, tumour: Tumour) -> None:
        """Write a patient's truth."""
        patient = {"patient": tumour.parameters.patient}
        for name, rows in (
            ("mutations", _mutations(tumour)),
            ("ccf", _ccf(tumour)),
            ("tree", _tree(tumour)),
            ("clusters", _by_clone(tumour, tumour.phi, "dcf")),
            ("proportions", _by_clone(tumour, tumour.proportions, "proportion")),
            ("samples", _samples(tumour)),
            ("drivers", [*_small_drivers(tumour), *_copy_number_drivers(tumour)]),
            ("events", _events(tumour)),
            ("copy_number", _copy_number(tumour)),
        ):
            header = HEADERS[name]
            self._handles[name].writelines(
                "\t".join([cell((patient | row).get(column)) for column in header]) + "\n" for row in rows
            )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 6)


def _mutations(tumour: Tumour) -> Iterable[dict[str, Any]]:
    m = tumour.mutations
    ids = tumour.mutation_ids()
    clonal, truncal = tumour.clonal, tumour.truncal
    for index in genome_order(tumour).tolist():
        somatic = m.kind[index] == SOMATIC
        yield {
            "mutation_id": ids[index],
            "chrom": contig_prefix(tumour.genome.build) + CHROMOSOMES[m.chrom[index]],
            "pos": int(m.pos[index]),
            "ref": m.ref[index],
            "alt": m.alt[index],
            "kind": KINDS[m.kind[index]],
            "cluster_id": int(m.cluster[index]),
            "clonal": bool(clonal[index]) if somatic else None,
            "truncal": bool(truncal[index]) if somatic else None,
            "haplotype": int(tumour.copies.haplotype[index]) if somatic else None,
            "time": round(float(m.time[index]), 4) if somatic else None,
            "resistance_id": m.drivers[index].resistance_id if index in m.drivers else None,
            "n_called": int(tumour.called[index].sum()),
        }


def _ccf(tumour: Tumour) -> Iterable[dict[str, Any]]:
    ids = tumour.mutation_ids()
    multiplicity = tumour.multiplicity
    for index in genome_order(tumour).tolist():
        for sample, name in enumerate(tumour.parameters.sample_names):
            yield {
                "mutation_id": ids[index],
                "sample_id": name,
                "ccf": _number(tumour.ccf[index, sample]),
                "dcf": _number(tumour.dcf[index, sample]),
                "multiplicity": _number(multiplicity[index, sample]),
                "vaf": _number(tumour.vaf[index, sample]),
                "alt_counts": int(tumour.alt[index, sample]),
                "depth": int(tumour.depth[index, sample]),
                "called": bool(tumour.called[index, sample]),
            }


def _tree(tumour: Tumour) -> Iterable[dict[str, Any]]:
    for index, parent in enumerate(tumour.parents.tolist()):
        yield {
            "parent": parent,
            "child": index + 1,
            "n_mutations": int((tumour.mutations.cluster == index + 1).sum()),
        }


def _by_clone(tumour: Tumour, values: np.ndarray, column: str) -> Iterable[dict[str, Any]]:
    for clone, row in enumerate(values.tolist(), start=1):
        for name, value in zip(tumour.parameters.sample_names, row, strict=True):
            yield {"cluster_id": clone, "sample_id": name, column: round(value, 6)}


def _samples(tumour: Tumour) -> Iterable[dict[str, Any]]:
    for sample, name in enumerate(tumour.parameters.sample_names):
        yield {
            "sample_id": name,
            "purity": round(float(tumour.purity[sample]), 4),
            "purity_reported": float(tumour.purity_reported[sample]),
            "ploidy": round(float(tumour.ploidy[sample]), 4),
            "wgd": bool(tumour.wgd[sample]),
            "mean_depth": round(float(tumour.depth[:, sample].mean()), 2),
        }


def _small_drivers(tumour: Tumour) -> Iterable[dict[str, Any]]:
    m = tumour.mutations
    ids = tumour.mutation_ids()
    clonal, truncal = tumour.clonal, tumour.truncal
    partners = m.placement.partner
    for index, found in m.drivers.items():
        other, phase = partners.get(index, (None, None))
        yield {
            "gene": found.gene,
            "alteration": found.alteration,
            "kind": "small_variant",
            "resistance_id": found.resistance_id,
            "mutation_id": ids[index],
            "cluster_id": int(m.cluster[index]),
            "label": "clonal" if clonal[index] else "subclonal",
            "truncal": bool(truncal[index]),
            **_timing(tumour, tumour.ccf[index]),
            "partner": m.drivers[other].resistance_id if other is not None else None,
            "phase": phase,
            "detectable": bool(tumour.called[index].any()),
        }


def _copy_number_drivers(tumour: Tumour) -> Iterable[dict[str, Any]]:
    for event in tumour.history.events:
        if event.target not in tumour.genome.gene:
            continue
        fraction = tumour.phi[event.clone - 1]
        kinds = {"amplification": "amplification", "homdel": "homozygous deletion"}
        yield {
            "gene": event.target,
            "alteration": kinds.get(event.kind, event.kind),
            "kind": "copy_number",
            "cluster_id": event.clone,
            "label": "clonal" if (fraction >= 0.95).all() else "subclonal",
            "truncal": bool((fraction >= 1 - 1e-9).all()),
            **_timing(tumour, fraction),
            "detectable": bool((fraction > 0).any()),
        }


def _timing(tumour: Tumour, fraction: np.ndarray) -> dict[str, Any]:
    """First day on which the driver is in any cancer cell, and how many sampled days came before."""
    samples = tumour.parameters.samples
    days = [region.day for region in samples] if samples is not None else []
    if not days or any(day is None for day in days):
        return {}
    seen = [day for day, value in zip(days, fraction.tolist(), strict=True) if day is not None and value > 0]
    first = min(seen, default=None)
    before = {day for day in days if day is not None and (first is None or day < first)}
    return {"first_day": first, "days_before": len(before)}


def _events(tumour: Tumour) -> Iterable[dict[str, Any]]:
    for event in tumour.history.events:
        yield {
            "cluster_id": event.clone,
            "kind": event.kind,
            "target": event.target,
            "haplotype": event.haplotype,
            "time": round(event.time, 4),
            "copies": event.copies,
        }


def _copy_number(tumour: Tumour) -> Iterable[dict[str, Any]]:
    """Segments whose copy number is not that of a normal cell."""
    genome, history = tumour.genome, tumour.history
    means = tumour.mean_haplotypes
    normal = np.array([np.ones_like(history.normal), history.normal - 1])  # (2, G)
    altered = (history.copies != normal[:, None, :]).any(axis=0)  # (K, G)
    fraction = altered.T.astype(float) @ tumour.proportions
    for segment in np.flatnonzero(altered.any(axis=0)).tolist():
        for sample, name in enumerate(tumour.parameters.sample_names):
            pair = sorted(means[:, segment, sample].tolist(), reverse=True)
            yield {
                "sample_id": name,
                "chrom": contig_prefix(genome.build) + CHROMOSOMES[genome.chrom[segment]],
                "start": int(genome.start[segment]),
                "end": int(genome.end[segment]),
                "mean_major": round(pair[0], 4),
                "mean_minor": round(pair[1], 4),
                "altered_fraction": round(float(fraction[segment, sample]), 4),
            }
