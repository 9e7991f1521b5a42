"""The counts step: one patient's files in, one table of counts and copy number out."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from truncal.copynumber.genome import normal_copies
from truncal.copynumber.segments import Segments
from truncal.counts import write
from truncal.counts.annotate import annotate
from truncal.counts.builds import inferred_build
from truncal.counts.copies import genome_doubled, join_copies, stated_ploidy
from truncal.counts.driver_gaps import refuse_gaps
from truncal.counts.ingest import ingest
from truncal.counts.purity import Purities, purities
from truncal.counts.result import CountsResult, Warnings, general_warnings
from truncal.counts.segment_files import read_all_segments, warn_total_only, warn_without_segments
from truncal.counts.select import usable_pairs, without_alt_reads
from truncal.counts.table import run_table
from truncal.errors import Fault, UserError
from truncal.provenance import sections, sheet_rows, write_step
from truncal.reads.reference import Reference
from truncal.sheet.samples import Sample, Sheet, read_sheet


def run_counts(
    samples: str | Path,
    patient: str,
    out: str | Path,
    settings: Mapping[str, Any],
    reference: str | Path | None = None,
) -> CountsResult:
    """Read a patient's files and write the step's folder.

    Raises
    ------
    UserError
        sheet, VCFs, segments or tables are faulty, or no mutation is left; nothing is written then.

    """
    sheet = read_sheet(samples)
    rows = sheet.rows(patient)
    if rows[0].counts is not None:
        return run_table(rows[0].counts, sheet, rows, Path(out), settings)
    collecting = gc.isenabled()
    gc.disable()  # hundreds of thousands of alleles hold no cycles; the collector would walk them many times
    try:
        return _run_vcf(sheet, rows, Path(out), settings, reference)
    finally:
        if collecting:
            gc.enable()


def _run_vcf(
    sheet: Sheet,
    rows: Sequence[Sample],
    out: Path,
    settings: Mapping[str, Any],
    reference: str | Path | None,
) -> CountsResult:
    reads = settings["reads"]
    fasta = reference or reads["reference"]
    genome = Reference(fasta) if fasta is not None else None
    names = [row.sample for row in rows]
    warnings: Warnings = []
    union, build = ingest(sheet, rows, settings, genome, warnings)
    sex = next((row.sex for row in rows if row.sex), None)
    segments = read_all_segments(rows, build, warnings)
    warn_without_segments(rows, segments, warnings)
    if build is None:
        build = inferred_build(union, segments, warnings)
    missing = settings["copy_number"]["missing"]
    try:
        normal = _normal_copies(union.chrom, union.pos, sex, build, segments, missing)
    except UserError as error:
        place = (sheet.path, rows[0].row, "sex")
        raise UserError([Fault(fault.message, *place) for fault in error.faults]) from error
    found = purities(sheet.path, rows, segments, union, normal, warnings)
    purity = found.value.tolist()
    copies = join_copies(segments, union.chrom, union.pos, normal, missing)
    if missing == "exclude":
        refuse_gaps(union, copies.total, segments, names, build)
    usable, absent = usable_pairs(union, copies, names, reads["min_depth"])
    kept = usable.any(axis=1) & ~without_alt_reads(union, usable, reads["min_alt_reads"])
    counts = dict(Counter(reason for _, reason in {(row.mutation, row.reason) for row in union.excluded}))
    if not kept.any():
        said = ", ".join(f"{reason} {number}" for reason, number in sorted(counts.items())) or "none read"
        raise UserError(
            Fault(
                f"patient {rows[0].patient}: no mutation is left; excluded: {said}", sheet.path, rows[0].row
            )
        )
    usable &= kept[:, None]
    absent &= kept[:, None]
    only = copies.total_only[kept]
    warn_total_only(dict(zip(names, only.mean(axis=0).tolist(), strict=True)), warnings)
    annotation = annotate(union, reads, genome, warnings)
    ids = union.names()

    write.write_counts(
        out / "counts.tsv",
        ids,
        union,
        copies,
        np.nonzero(usable),
        names,
        purity,
        reads["error_rate"],
        annotation,
    )
    write.write_not_called(out / "not_called.tsv", ids, copies, np.nonzero(absent), names, purity)
    write.write_segments(out / "segments.tsv", segments, names)
    write.write_excluded(out / "excluded.tsv", union.excluded)
    _write_samples(out, rows, segments, found, usable, absent, union.depth, sex)
    warnings += general_warnings(rows, int(absent.sum()), int(kept.sum()))
    _write_step(out, settings, rows, warnings, build, int(kept.sum()), counts)
    return CountsResult(int(kept.sum()), len(rows), counts)


def _normal_copies(
    chrom: Sequence[str],
    pos: np.ndarray,
    sex: str | None,
    build: str | None,
    segments: Sequence[Segments | None],
    missing: str,
) -> np.ndarray:
    """Copies in normal cells; an unknown sex is only asked for if X or Y have a copy number at all."""
    if sex is None:
        trial = normal_copies(chrom, pos, "male", build)
        if not (trial == 1).any():
            return trial
        joined = join_copies(segments, chrom, pos, trial, missing)
        if np.isnan(joined.total[trial == 1]).all():
            return trial
    return normal_copies(chrom, pos, sex, build)


def _write_samples(
    out: Path,
    rows: Sequence[Sample],
    segments: Sequence[Segments | None],
    purity: Purities,
    usable: np.ndarray,
    absent: np.ndarray,
    depth: np.ndarray,
    sex: str | None,
) -> None:
    records = []
    for s, (row, part) in enumerate(zip(rows, segments, strict=True)):
        deep = depth[usable[:, s], s]
        records.append(
            {
                "sample_id": row.sample,
                "kind": row.kind,
                "site": row.site,
                "timepoint": row.timepoint,
                "day": row.day,
                "sex": sex,
                "purity": float(purity.value[s]),
                "purity_low": float(purity.low[s]),
                "purity_high": float(purity.high[s]),
                "purity_source": purity.source[s],
                "ploidy": stated_ploidy(row, part),
                "wgd": genome_doubled(part) if part else None,
                "median_depth": _median(deep) if len(deep) else None,
                "n_called": int(usable[:, s].sum()),
                "n_not_called": int(absent[:, s].sum()),
            }
        )
    write.write_samples(out / "samples.tsv", records)


def _median(values: np.ndarray) -> float:
    """As `numpy.median`, which imports the masked arrays first."""
    low, high = (len(values) - 1) // 2, len(values) // 2
    middle = np.partition(values, [low, high])
    return float((middle[low] + middle[high]) / 2)


def _write_step(
    out: Path,
    settings: Mapping[str, Any],
    rows: Sequence[Sample],
    warnings: Warnings,
    build: str | None,
    n_mutations: int,
    excluded: Mapping[str, int],
) -> None:
    named = [path for row in rows for path in (row.vcf, row.segments)]
    named += [settings["reads"]["blacklist"], settings["reads"]["gff3"]]
    inputs = dict.fromkeys(path for path in named if path is not None)
    write_step(
        out,
        "counts",
        parameters={**sections(settings, "build", "reads", "copy_number"), "samples": sheet_rows(rows)},
        inputs=inputs,
        warnings=warnings,
        summary={"build": build, "n_mutations": n_mutations, "excluded": dict(excluded)},
    )
