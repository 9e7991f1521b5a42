"""Write simulated patients as a cohort: sample sheet, each patient's inputs, and the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from truncal.simulate.called_segments import call_copy_number
from truncal.simulate.parameters import Caller
from truncal.simulate.tumour import Tumour
from truncal.simulate.write_counts import write_counts, write_pairtree
from truncal.simulate.write_segments import SUFFIX, write_segments
from truncal.simulate.write_truth import TruthWriter
from truncal.tables import write_rows

Format = Literal["vcf", "counts"]

SHEET = (
    *("patient", "sample", "vcf", "counts", "vcf_sample", "segments", "purity", "ploidy", "sex", "bam"),
    *("site", "timepoint", "day", "kind"),
)
TREATMENTS = ("patient", "drug", "start", "end")


@dataclass(frozen=True)
class Output:
    """How to write a patient: VCFs of `caller` (joint: one for all samples, Mutect2) or a count table."""

    format: Format = "vcf"
    caller: Caller = "mutect2"
    joint: bool = False


def write_cohort(
    out: Path,
    patients: Iterable[tuple[Tumour, Output]],
    progress: Callable[[Tumour], object] | None = None,
) -> None:
    """Write patients one after the other, then `samples.tsv`, `treatments.tsv` (where any) and `truth/`.

    Only one tumour is held at a time, so `patients` may be a generator.
    """
    sheet: list[dict[str, Any]] = []
    treatments: list[dict[str, Any]] = []
    with TruthWriter(out / "truth") as truth:
        for tumour, output in patients:
            sheet += write_patient(out, tumour, output)
            truth.add(tumour)
            for drug, start, end in tumour.parameters.treatments:
                treatments.append(
                    {"patient": tumour.parameters.patient, "drug": drug, "start": start, "end": end}
                )
            if progress is not None:
                progress(tumour)
    used = [name for name in SHEET if any(row.get(name) is not None for row in sheet)]
    write_rows(out / "samples.tsv", used, sheet)
    if treatments:
        write_rows(out / "treatments.tsv", TREATMENTS, treatments)


def write_patient(out: Path, tumour: Tumour, output: Output) -> list[dict[str, Any]]:
    """Write one patient into `out/PATIENT/`; gives the rows of the sample sheet, paths relative to `out`."""
    parameters = tumour.parameters
    patient = parameters.patient
    folder = out / patient
    called = call_copy_number(tumour)
    rows: list[dict[str, Any]] = []
    for sample, name in enumerate(parameters.sample_names):
        region = parameters.samples[sample] if parameters.samples is not None else None
        row: dict[str, Any] = {
            "patient": patient,
            "sample": name,
            "purity": float(tumour.purity_reported[sample]),
            "ploidy": round(float(tumour.ploidy[sample]), 2),
            "sex": parameters.sex,
        }
        if region is not None:
            row |= {
                "site": region.site,
                "timepoint": region.timepoint,
                "day": region.day,
                "kind": region.kind,
            }
        if output.format == "vcf":
            path = folder / f"{name}.{SUFFIX[parameters.copy_number_style]}"
            write_segments(path, tumour, called, sample)
            row["segments"] = f"{patient}/{path.name}"
        if tumour.fragments:
            from truncal.simulate.write_bam import write_bam

            write_bam(folder / f"{name}.bam", tumour, sample, tumour.sample_stream(sample))
            row["bam"] = f"{patient}/{name}.bam"
        rows.append(row)
    if output.format == "counts":
        write_counts(folder / "counts.tsv", tumour, called)
        if parameters.diploid:
            write_pairtree(folder, tumour)
        for row in rows:
            row["counts"] = f"{patient}/counts.tsv"
    else:
        _write_vcfs(folder, tumour, output, rows)
    return rows


def _write_vcfs(folder: Path, tumour: Tumour, output: Output, rows: list[dict[str, Any]]) -> None:
    from truncal.simulate.write_vcf import records, write_mutect2, write_strelka2

    patient = tumour.parameters.patient
    names = tumour.parameters.sample_names
    build = tumour.genome.build
    rng = tumour.stream("files")
    normal = f"{patient}_N"
    if output.joint and output.caller == "mutect2":
        sites = records(tumour, range(len(names)), rng)
        write_mutect2(folder / f"{patient}.vcf.gz", build, normal, names, sites)
    for sample, name in enumerate(names):
        row = rows[sample]
        if output.joint and output.caller == "mutect2":
            row |= {"vcf": f"{patient}/{patient}.vcf.gz", "vcf_sample": name}
            continue
        sites = records(tumour, [sample], rng)
        path = folder / f"{name}.{output.caller}.vcf.gz"
        if output.caller == "mutect2":
            write_mutect2(path, build, normal, [name], sites)
        else:
            write_strelka2(path, build, sites)
        row |= {
            "vcf": f"{patient}/{path.name}",
            "vcf_sample": name if output.caller == "mutect2" else "TUMOR",
        }
