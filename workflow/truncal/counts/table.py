"""PyClone-VI tables: checked, given what the sample sheet knows, and passed on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from truncal.copynumber.segments import Segments
from truncal.counts import write
from truncal.counts.copies import genome_doubled, stated_ploidy
from truncal.counts.ids import Named, named
from truncal.counts.result import CountsResult, general_warnings
from truncal.counts.segment_files import read_all_segments, warn_total_only
from truncal.counts.union import Exclusion
from truncal.errors import Fault, Faults, UserError
from truncal.provenance import sections, sheet_rows, write_step
from truncal.sheet.samples import Sample, Sheet
from truncal.tables import Table, read_table, write_rows, write_table

REQUIRED = ("mutation_id", "sample_id", "ref_counts", "alt_counts", "major_cn", "minor_cn", "normal_cn")


def run_table(
    path: Path, sheet: Sheet, rows: Sequence[Sample], out: Path, settings: Mapping[str, Any]
) -> CountsResult:
    """Read the table (`path`) that all rows of the patient name and write the step's folder.

    Rows of samples that the sheet does not list are left out; text columns come back verbatim.

    Raises
    ------
    UserError
        the table lacks columns, has values out of range, repeats a pair, or lacks a sample of the sheet.

    """
    faults = Faults()
    table = read_table(path, REQUIRED, empty_ok=False, what="counts table", faults=faults)
    values, warnings = _checked(table, path, sheet, rows, faults)
    # the table has the copy number of the mutations; segments say what happened to genes without one
    segments = read_all_segments(rows, _stated_build(settings), warnings)
    names = [row.sample for row in rows]
    excluded: list[Exclusion] = []
    kept, absent = _select(values, names, settings["reads"], excluded)
    counted = dict(Counter(reason for _, reason in {(row.mutation, row.reason) for row in excluded}))
    if not kept.any():
        said = ", ".join(f"{reason} {number}" for reason, number in sorted(counted.items()))
        raise UserError(Fault(f"no mutation is left; excluded: {said}", path))

    columns = _columns(table, values, np.flatnonzero(kept), settings["reads"]["error_rate"])
    warnings += _from_names(columns)
    write_table(out / "counts.tsv", columns)
    write_rows(out / "not_called.tsv", write.NOT_CALLED, absent)
    write.write_segments(out / "segments.tsv", segments, names)
    write.write_excluded(out / "excluded.tsv", excluded)
    mutations = len({values["mutation"][i] for i in np.flatnonzero(kept).tolist()})
    write.write_samples(out / "samples.tsv", _sample_rows(rows, segments, values, kept, absent))
    warnings += general_warnings(rows, len(absent), mutations)
    write_step(
        out,
        "counts",
        parameters={**sections(settings, "build", "reads", "copy_number"), "samples": sheet_rows(rows)},
        inputs=list(dict.fromkeys([path, *(row.segments for row in rows if row.segments)])),
        warnings=warnings,
        summary={"build": _stated_build(settings), "n_mutations": mutations, "excluded": counted},
    )
    return CountsResult(mutations, len(rows), counted)


def _stated_build(settings: Mapping[str, Any]) -> str | None:
    return None if settings["build"] == "auto" else settings["build"]


def _checked(
    table: Table, path: Path, sheet: Sheet, rows: Sequence[Sample], faults: Faults
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Columns as arrays, purity completed from the sheet; all faults of the table at once."""
    values: dict[str, Any] = {
        "mutation": table.strings("mutation_id", faults),
        "sample": table.strings("sample_id", faults),
        "ref": table.integers("ref_counts", faults, minimum=0),
        "alt": table.integers("alt_counts", faults, minimum=0),
        "major": table.floats("major_cn", faults, low=0),
        "minor": table.floats("minor_cn", faults, low=0),
        "normal": table.floats("normal_cn", faults, low=0, missing=None),
        "purity": table.floats("tumour_content", faults, low=0, high=1),
        "error": table.floats("error_rate", faults, low=0, high=0.5),
        "major_2": table.floats("major_cn_2", faults, low=0),
        "minor_2": table.floats("minor_cn_2", faults, low=0),
        "fraction_2": table.floats("cn_fraction_2", faults, low=0, high=1),
    }
    seen: dict[tuple[str, str], int] = {}
    for i, pair in enumerate(zip(values["mutation"], values["sample"], strict=True)):
        line = table.line(i)
        if pair in seen and all(pair):
            faults.add(f"repeats mutation {pair[0]} in sample {pair[1]} (row {seen[pair]})", path, line)
        seen.setdefault(pair, line)
    present = set(values["sample"])
    for row in rows:
        if present and row.sample not in present and "sample_id" not in table.absent:
            shown = ", ".join(sorted(present)[:8])
            faults.add(
                f"{row.sample} is no sample_id of {path.name}; it has {shown}", sheet.path, row.row, "sample"
            )
    faults.raise_if_any()
    warnings = _complete_purity(values, rows)
    only = ~np.isnan(values["major"]) & np.isnan(values["minor"])
    warn_total_only(
        {
            row.sample: float(only[[name == row.sample for name in values["sample"]]].mean())
            for row in rows
            if row.sample in present
        },
        warnings,
    )
    unlisted = [name for name in dict.fromkeys(values["sample"]) if name not in {row.sample for row in rows}]
    if unlisted:
        warnings.append(
            (
                "samples_left_out",
                f"{path.name} also holds {', '.join(unlisted)}, which the sample sheet does not list.",
            )
        )
    return values, warnings


def _complete_purity(values: dict[str, Any], rows: Sequence[Sample]) -> list[tuple[str, str]]:
    warnings = []
    sample = np.array(values["sample"], dtype=object)
    for row in rows:
        here = sample == row.sample
        missing = here & np.isnan(values["purity"])
        if row.purity is not None:
            stated = values["purity"][here & ~missing]
            if len(stated) and abs(stated - row.purity).max() > 0.005:
                warnings.append(
                    (
                        "purity_differs",
                        f"{row.sample}: tumour_content of the counts table ({stated[0]:g}) is used, not the "
                        f"sample sheet's purity ({row.purity:g}).",
                    )
                )
            values["purity"][missing] = row.purity
        elif missing.any():
            values["purity"][missing] = 1.0
            warnings.append(
                (
                    "purity_assumed",
                    f"{row.sample}: neither the counts table nor the sample sheet gives a purity; 1 was "
                    "assumed, so every CCF is too low if the sample holds normal cells.",
                )
            )
    return warnings


def _select(
    values: Mapping[str, Any], names: Sequence[str], reads: Mapping[str, Any], excluded: list[Exclusion]
) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Rows to keep (R,), and the not-called pairs with the copy number that is commonest in their sample."""
    listed = set(names)
    depth = values["ref"] + values["alt"]
    known = np.array([name in listed for name in values["sample"]], dtype=bool)
    total = values["major"] + np.nan_to_num(values["minor"])
    checks = (
        (depth == 0, "zero_depth", "no reads at the site"),
        (depth < reads["min_depth"], "low_depth", f"fewer than {reads['min_depth']} reads"),
        (np.isnan(total), "no_copy_number", "major_cn is missing"),
        (total <= 0, "zero_copies", "no copy of the site is left in the cancer cells"),
        (values["normal"] <= 0, "no_copy_number", "normal_cn is 0"),
    )
    kept = known.copy()
    for bad, reason, detail in checks:
        for i in np.flatnonzero(kept & bad).tolist():
            excluded.append(Exclusion(values["mutation"][i], values["sample"][i], reason, detail))
        kept &= ~bad
    most: dict[str, int] = {}
    for i in np.flatnonzero(kept).tolist():
        name = values["mutation"][i]
        most[name] = max(most.get(name, 0), int(values["alt"][i]))
    limit = max(reads["min_alt_reads"], 1)
    weak = {name for name, alt in most.items() if alt < limit}
    for name in weak:
        excluded.append(
            Exclusion(name, None, "no_alt_reads", f"at most {most[name]} alternative reads in any sample")
        )
    kept &= np.array([name not in weak for name in values["mutation"]], dtype=bool)
    return kept, _not_called(values, kept, names)


def _not_called(values: Mapping[str, Any], kept: np.ndarray, names: Sequence[str]) -> list[dict[str, Any]]:
    # a pair that has a row, even one that was left out, is not "not called"
    pairs = set(zip(values["mutation"], values["sample"], strict=True))
    mutations = list(dict.fromkeys(values["mutation"][i] for i in np.flatnonzero(kept).tolist()))
    sample = np.array(values["sample"], dtype=object)
    common: dict[str, dict[str, Any]] = {}
    for name in names:
        here = np.flatnonzero(kept & (sample == name))
        if not len(here):
            continue
        states = list(
            zip(*(values[field][here].tolist() for field in ("major", "minor", "normal")), strict=True)
        )
        (major, minor, normal), _ = Counter(states).most_common(1)[0]
        purity = float(values["purity"][here].mean())
        common[name] = {"major_cn": major, "minor_cn": minor, "normal_cn": normal, "tumour_content": purity}
    return [
        {"mutation_id": mutation, "sample_id": name, **common[name]}
        for mutation in mutations
        for name in names
        if name in common and (mutation, name) not in pairs
    ]


def _columns(
    table: Table, values: Mapping[str, Any], rows: np.ndarray, error_rate: float
) -> dict[str, list[Any]]:
    """Columns of counts.tsv. What the table gives comes back as written, so nothing is rounded."""
    kept = rows.tolist()
    out: dict[str, list[Any]] = {}
    for name in write.COUNTS:
        if name == "source":
            out[name] = ["table"] * len(kept)
        elif name == "tumour_content":
            out[name] = values["purity"][rows].tolist()
        elif name == "error_rate":
            error = values["error"][rows]
            out[name] = np.where(np.isnan(error), error_rate, error).tolist()
        else:
            column = table.columns.get(name)
            out[name] = [None] * len(kept) if column is None else [column[i] for i in kept]
    return out


def _from_names(columns: dict[str, list[Any]]) -> list[tuple[str, str]]:
    """Fill alleles and genes that the table leaves out from the mutations' names; a warning says so."""
    facts = [name for name in Named._fields if name in columns]
    if any(value for name in facts for value in columns[name]):
        return []
    known = {name: named(name) for name in dict.fromkeys(columns["mutation_id"])}
    found = sum(value is not None for value in known.values())
    if not found:
        return []
    for name in facts:
        columns[name] = [getattr(known[mutation], name, None) for mutation in columns["mutation_id"]]
    what = f"the names of {found} of {len(known)} mutations say them"
    text = f"The table has no columns for alleles or genes; {what}."
    return [("named", text)]


def _sample_rows(
    rows: Sequence[Sample],
    segments: Sequence[Segments | None],
    values: Mapping[str, Any],
    kept: np.ndarray,
    absent: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    sample = np.array(values["sample"], dtype=object)
    depth = values["ref"] + values["alt"]
    missing = Counter(record["sample_id"] for record in absent)
    out = []
    for row, part in zip(rows, segments, strict=True):
        here = kept & (sample == row.sample)
        out.append(
            {
                "sample_id": row.sample,
                "kind": row.kind,
                "site": row.site,
                "timepoint": row.timepoint,
                "day": row.day,
                "sex": row.sex,
                "purity": float(np.median(values["purity"][here])) if here.any() else row.purity,
                "purity_source": "table" if here.any() else "sheet",
                "ploidy": stated_ploidy(row, part),
                "wgd": genome_doubled(part) if part else None,
                "median_depth": float(np.median(depth[here])) if here.any() else None,
                "n_called": int(here.sum()),
                "n_not_called": missing[row.sample],
            }
        )
    return out


def sheet_of_table(path: Path, patient: str) -> Sheet:
    """The sheet that a counts table alone stands for: every sample of it, all of one patient.

    Raises
    ------
    UserError
        the table is missing or has no `sample_id`.

    """
    table = read_table(path, ("sample_id",), empty_ok=False, what="counts table")
    names = [name for name in dict.fromkeys(table.columns["sample_id"]) if name is not None]
    return Sheet(path, [Sample(patient, name, row, counts=path) for row, name in enumerate(names, start=2)])
