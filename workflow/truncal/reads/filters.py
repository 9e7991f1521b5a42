"""Which alleles of a file are left out before anything is counted, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from truncal.copynumber.genome import canonical
from truncal.errors import Fault, Faults, UserError
from truncal.reads.annotation import POPULATION
from truncal.reads.header import Header
from truncal.reads.vcf import Calls
from truncal.tables import open_text

Verdict = tuple[str, str] | None
"""(reason, detail), or None where the allele stays."""

STATUS_OF_SS = {0: "reference", 1: "germline", 3: "loss of heterozygosity", 4: "RNA editing"}
"""SS of VarScan2, SomaticSniper, MuSE, RADIA and MuTect; 2 is somatic, 5 unknown."""

_LOG10 = "POPAF"  # GATK 4.1 and later write −log10 of the frequency under this name


@dataclass(frozen=True)
class Regions:
    """Merged intervals of a BED file: canonical chromosome → starts and ends, 0-based half-open, sorted."""

    starts: dict[str, np.ndarray]
    ends: dict[str, np.ndarray]

    def overlaps(self, chrom: str, start: int, end: int) -> bool:
        """Whether [start, end), 0-based, shares a base with an interval."""
        if chrom not in self.starts:
            return False
        i = int(np.searchsorted(self.starts[chrom], end, side="left")) - 1
        return i >= 0 and bool(self.ends[chrom][i] > start)


def read_bed(path: str | Path) -> Regions:
    """Read a BED file (plain or gzip).

    Raises
    ------
    UserError
        it is missing or a line is no interval; all faults at once.

    """
    faults = Faults()
    found: dict[str, list[tuple[int, int]]] = {}
    try:
        with open_text(path) as handle:
            for number, line in enumerate(handle, start=1):
                if not line.strip() or line.startswith(("#", "track", "browser")):
                    continue
                fields = line.split()
                try:
                    start, end = int(fields[1]), int(fields[2])
                except (IndexError, ValueError):
                    faults.add("is no BED interval; expected chromosome, start and end", path, number)
                    continue
                if not 0 <= start <= end < 2**31:
                    faults.add(f"{start}-{end} is no interval; expected 0 ≤ start ≤ end", path, number)
                    continue
                found.setdefault(canonical(fields[0]), []).append((start, end))
    except (OSError, EOFError, UnicodeDecodeError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise UserError(Fault(f"cannot read the BED file: {reason}", path)) from error
    faults.raise_if_any()
    starts, ends = {}, {}
    for chrom, intervals in found.items():
        merged: list[list[int]] = []
        for start, end in sorted(intervals):
            if merged and start <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], end)
            else:
                merged.append([start, end])
        starts[chrom] = np.array([start for start, _ in merged], dtype=np.int64)
        ends[chrom] = np.array([end for _, end in merged], dtype=np.int64)
    return Regions(starts, ends)


def info_fields(header: Header, reads: Mapping[str, Any]) -> list[str]:
    """INFO fields that `verdicts` looks at."""
    names: list[str] = []
    if reads["somatic_only"]:
        names += [name for name in ("SS", "STATUS") if name in header.infos]
        if is_octopus(header) and "SOMATIC" in header.infos:
            names.append("SOMATIC")
    if reads["max_population_frequency"] is not None:
        names += [name for name in header.infos if name in (_LOG10, "POP_AF") or POPULATION.search(name)]
    return names


def is_octopus(header: Header) -> bool:
    """Whether the file is Octopus', which lists germline variants beside the somatic ones."""
    return "octopus" in header.meta or "octopus_version" in header.meta or "octopus" in header.caller


def verdicts(
    header: Header, calls: Calls, reads: Mapping[str, Any], blacklist: Regions | None
) -> list[Verdict]:
    """Reason and detail for each allele that goes, None for those that stay, (N,)."""
    found: list[Verdict] = [None] * len(calls)
    if reads["pass_only"]:
        allowed = frozenset(("PASS", *reads["pass_filters"]))
        for i, text in enumerate(calls.filters):
            if text is not None and not allowed.issuperset(text.split(";")):
                found[i] = ("filter", text)
    if reads["somatic_only"]:
        _not_somatic(header, calls, found)
    if blacklist is not None:
        for i, (chrom, pos, ref, _) in enumerate(calls.key):
            if found[i] is None and blacklist.overlaps(chrom, pos - 1, pos - 1 + len(ref)):
                found[i] = ("blacklist", f"in {Path(reads['blacklist']).name}")
    if reads["max_population_frequency"] is not None:
        _common(calls, reads["max_population_frequency"], found)
    if reads["max_normal_vaf"] is not None:
        with np.errstate(invalid="ignore", divide="ignore"):
            vaf = calls.normal_alt / calls.normal_depth
        for i in np.flatnonzero(vaf > reads["max_normal_vaf"]).tolist():
            found[i] = found[i] or (
                "normal_reads",
                f"{calls.normal_alt[i]:.0f} of {calls.normal_depth[i]:.0f} reads of the normal",
            )
    return found


def _not_somatic(header: Header, calls: Calls, found: list[Verdict]) -> None:
    """Alleles that the caller itself calls germline, lost heterozygosity or no variant."""
    for name in ("SS", "FORMAT/SS"):
        for i, value in enumerate(calls.info.get(name, ())):
            status = STATUS_OF_SS.get(_whole(value))
            if status is not None and found[i] is None:
                found[i] = ("not_somatic", f"the caller says {status} (SS={_whole(value)})")
    if "germline" in header.descriptions.get("STATUS", "").lower():  # VarDict's meaning of STATUS
        for i, value in enumerate(calls.info.get("STATUS", ())):
            if (
                value
                and found[i] is None
                and not re.search("somatic|samplespecific", str(value), re.IGNORECASE)
            ):
                found[i] = ("not_somatic", f"the caller says {value}")
    for i, value in enumerate(calls.info.get("SOMATIC", ())):
        if not value and found[i] is None:
            found[i] = ("not_somatic", "the caller does not say SOMATIC")


def _whole(value: object) -> int:
    try:
        return int(float(str(value)))
    except ValueError:
        return -1


def _common(calls: Calls, limit: float, found: list[Verdict]) -> None:
    names = [name for name in calls.info if name in (_LOG10, "POP_AF") or POPULATION.search(name)]
    sources = {id(raw.source): raw.source for raw in calls.annotation if raw is not None}
    if not names and not any(source.populations for source in sources.values()):
        return
    for i, number in enumerate(calls.number.tolist()):
        if found[i] is not None:
            continue
        values = [_allele_value(calls.info[name][i], number, name == _LOG10) for name in names]
        raw = calls.annotation[i]
        if raw is not None and raw.source.populations:
            values.append(raw.effect().population)
        highest = max((value for value in values if value is not None), default=0.0)
        if highest > limit:
            found[i] = ("population_frequency", f"{highest:.3g} in a population")


def _allele_value(value: object, number: int, log10: bool) -> float | None:
    """The allele's entry of an INFO value, as a frequency."""
    if isinstance(value, str):
        value = tuple(value.split(","))
    if isinstance(value, Sequence):
        value = value[number - 1] if number <= len(value) else None
    try:
        frequency = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return 10.0**-frequency if log10 else frequency
