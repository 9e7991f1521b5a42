"""Somatic variants and their read counts from a VCF or BCF.

One pass over the file collects what every record has (alleles, FILTER, the FORMAT fields of the scheme that
fits the header) as raw bytes; the arithmetic is done afterwards on whole arrays. A second pass looks again at
the few records that this scheme does not answer for, with every scheme the header allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from truncal.errors import Fault, UserError
from truncal.reads.alleles import refusal, split_key
from truncal.reads.columns import Columns
from truncal.reads.header import Header, open_vcf, parse_header
from truncal.reads.schemes import Alleles, Scheme, candidates

MISSING_INT = np.iinfo(np.int32).min
LAST_SPECIAL_INT = MISSING_INT + 7  # BCF reserves eight values for "missing" and "end of vector"

Excluded = tuple[str, str, str]
"""Mutation, reason, detail."""


@dataclass
class Calls:
    """Split and trimmed alleles of one file, N in all, with the counts of S tumour samples.

    key: (canonical chromosome, pos, ref, alt). chrom: as in the file. filters: FILTER where the record did
    not pass, else None. alt, depth: (N, S) float64, NaN where the file says nothing about the sample.
    normal_alt, normal_depth: (N,), NaN without a normal. annotation: the raw INFO value, None without.
    """

    header: Header
    key: list[tuple[str, int, str, str]]
    chrom: list[str]
    filters: list[str | None]
    alt: np.ndarray
    depth: np.ndarray
    normal_alt: np.ndarray
    normal_depth: np.ndarray
    annotation: list[Any]
    scheme: str
    excluded: list[Excluded] = field(default_factory=list)
    filtered: bool = True
    """Whether any record has a FILTER; `.` throughout means that the caller's filters were never run."""

    def __len__(self) -> int:
        return len(self.key)


def read_header(path: Path) -> Header:
    """Header of a VCF or BCF.

    Raises
    ------
    UserError
        the file is no VCF or is cut off.

    """
    vcf = open_vcf(path)
    header = parse_header(path, vcf.raw_header, vcf.samples)
    vcf.close()
    return header


def choose_schemes(header: Header, forced: str | None = None) -> list[Scheme]:
    """Schemes by which this file's counts can be read, best first.

    Raises
    ------
    UserError
        the header has no sample column, or declares no fields from which counts follow.

    """
    if not header.columns:
        raise UserError(Fault("has no sample columns (sites only), so no read counts", header.path))
    found = candidates(header)
    if forced is not None:
        found = [scheme for scheme in found if scheme.name == forced]
    if not found:
        fields = ", ".join(header.formats) or "none"
        raise UserError(
            Fault(
                (f"scheme {forced} does not fit; " if forced else "no known way to read counts; ")
                + f"FORMAT fields found: {fields}; expected AD, or the fields of a supported caller",
                header.path,
            )
        )
    return found


@dataclass
class _Records:
    """What the first pass collects, one entry a record."""

    chrom: list[str] = field(default_factory=list)
    pos: list[int] = field(default_factory=list)
    ref: list[str] = field(default_factory=list)
    alts: list[list[str]] = field(default_factory=list)
    filters: list[str | None] = field(default_factory=list)
    raw: list[list[bytes]] = field(default_factory=list)
    annotation: list[Any] = field(default_factory=list)
    filtered: bool = False


def read_calls(
    header: Header, columns: Columns, *, scheme: str | None = None, info: str | None = None
) -> Calls:
    """Read a file's alleles and counts; `info` names the INFO field to keep for annotation.

    Raises
    ------
    UserError
        the file breaks off or a record can't be read, it has no records, or no scheme fits.

    """
    schemes = choose_schemes(header, scheme)
    records = _first_pass(header, schemes[0], info)
    if not records.pos:
        raise UserError(Fault("has no records", header.path))
    wanted = [*columns.tumours, *([columns.normal] if columns.normal is not None else [])]
    samples = len(header.columns)
    arrays = {
        name: _stack(raw, samples, wanted) for name, raw in zip(schemes[0].fields, records.raw, strict=True)
    }
    alleles, excluded = _split(records)
    alt, depth = schemes[0].decode(arrays, alleles)
    tumours = slice(0, len(columns.tumours))
    open_question = np.isnan(alt[:, tumours]).all(axis=1) | (~np.isnan(alt) & np.isnan(depth)).any(axis=1)
    if open_question.any():
        _second_pass(header, schemes, alleles, np.flatnonzero(open_question), wanted, alt, depth)
    depth = np.maximum(depth, alt)
    return _assemble(header, records, alleles, alt, depth, len(columns.tumours), schemes[0].name, excluded)


def _first_pass(header: Header, scheme: Scheme, info: str | None) -> _Records:
    records = _Records(raw=[[] for _ in scheme.fields])
    fields = list(zip(scheme.fields, records.raw, strict=True))
    add_chrom, add_pos, add_ref = records.chrom.append, records.pos.append, records.ref.append
    add_alts, add_filter, add_annotation = (
        records.alts.append, records.filters.append, records.annotation.append,
    )  # fmt: skip
    for record in _records(header):
        add_chrom(record.CHROM)
        add_pos(record.POS)
        add_ref(record.REF)
        add_alts(record.ALT)
        failed = record.FILTER
        add_filter(failed)
        if not records.filtered and (failed is not None or record.FILTERS):
            records.filtered = True
        for name, store in fields:
            values = record.format(name)
            store.append(b"" if values is None else _bytes(values))
        if info is not None:
            add_annotation(record.INFO.get(info))
    return records


def _records(header: Header) -> Any:
    """Iterate over a file's records; what htslib can't parse becomes a fault with the record's number."""
    vcf = open_vcf(header.path)
    number = 0
    try:
        for number, record in enumerate(vcf, start=1):  # noqa: B007
            yield record
    except UserError:
        raise
    except Exception as error:
        reason = (str(error).strip().splitlines() or ["unreadable"])[0]
        raise UserError(Fault(f"record {number + 1} can't be read: {reason}", header.path)) from error
    finally:
        vcf.close()


def _bytes(values: np.ndarray) -> bytes:
    """Raw int32 or float64 values; text such as `12.5%` or `3,4,0,1` is parsed."""
    if values.dtype == np.int32:
        return values.tobytes()
    return b"f" + _numbers(values).tobytes()


def _numbers(values: np.ndarray) -> np.ndarray:
    """Values of one record as float64 (S, W), NaN for missing."""
    if values.dtype.kind in "if":
        out = values.astype(float)
        if values.dtype.kind == "i":
            out[values <= LAST_SPECIAL_INT] = np.nan
        return out.reshape(len(values), -1)
    rows = [[_number(part) for part in str(text).split(",")] for text in values.tolist()]
    width = max(map(len, rows))
    return np.array([row + [np.nan] * (width - len(row)) for row in rows])


def _number(text: str) -> float:
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return np.nan


def _stack(raw: Sequence[bytes], samples: int, wanted: Sequence[int]) -> np.ndarray:
    """(R, len(wanted), W) float64 from each record's raw bytes, NaN for missing and beyond its width."""
    sizes = np.fromiter(map(len, raw), dtype=np.int64, count=len(raw))
    if len(sizes) and (sizes == sizes[0]).all() and sizes[0] % 4 == 0 and sizes[0] > 0:
        values = np.frombuffer(b"".join(raw), dtype=np.int32).reshape(len(raw), samples, -1)[:, wanted]
        out = values.astype(float)
        if values.size and values.min() <= LAST_SPECIAL_INT:
            out[values <= LAST_SPECIAL_INT] = np.nan
        return out
    parts = {}
    for size in np.unique(sizes[sizes > 0]).tolist():
        rows = np.flatnonzero(sizes == size)
        joined = [raw[row] for row in rows.tolist()]
        if size % 4 == 0:
            values = np.frombuffer(b"".join(joined), dtype=np.int32).reshape(len(rows), samples, -1)
            numbers = np.where(values <= LAST_SPECIAL_INT, np.nan, values)
        else:
            numbers = np.frombuffer(b"".join(part[1:] for part in joined)).reshape(len(rows), samples, -1)
        parts[size] = (rows, numbers[:, wanted])
    width = max((numbers.shape[2] for _, numbers in parts.values()), default=1)
    out = np.full((len(raw), len(wanted), width), np.nan)
    for rows, numbers in parts.values():
        out[rows, :, : numbers.shape[2]] = numbers
    return out


def _split(records: _Records) -> tuple[Alleles, list[Excluded]]:
    """One entry an alternative allele; what is no small variant is left out with the reason."""
    record: list[int] = []
    number: list[int] = []
    excluded: list[Excluded] = []
    refs, alts = records.ref, records.alts
    for i, (ref, options) in enumerate(zip(refs, alts, strict=True)):
        if len(options) == 1 and len(ref) == 1 and len(options[0]) == 1 and options[0] in "ACGT":
            record.append(i)
            number.append(1)
            continue
        for k, alt in enumerate(options or [""], start=1):
            reason = refusal(ref, alt)
            if reason is None:
                record.append(i)
                number.append(k)
            else:
                name = f"{records.chrom[i]}:{records.pos[i]}:{ref}:{alt or '.'}"
                excluded.append((name, "not_a_mutation", reason))
    chosen_ref = np.array([refs[i] for i in record], dtype=object)
    chosen_alt = np.array([alts[i][k - 1] for i, k in zip(record, number, strict=True)], dtype=object)
    alleles = Alleles(
        np.array(record, dtype=np.int64), np.array(number, dtype=np.int64), chosen_ref, chosen_alt
    )
    return alleles, excluded


def _second_pass(
    header: Header,
    schemes: Sequence[Scheme],
    alleles: Alleles,
    rows: np.ndarray,
    wanted: Sequence[int],
    alt: np.ndarray,
    depth: np.ndarray,
) -> None:
    """Fill `alt` and `depth` of these alleles record by record, by the first scheme that answers."""
    groups: dict[int, list[int]] = {}
    for row in rows.tolist():
        groups.setdefault(int(alleles.record[row]), []).append(row)
    names = {name for scheme in schemes for name in scheme.fields}
    if "DP" in header.formats:
        names.add("DP")
    for number, record in enumerate(_records(header)):
        if number not in groups:
            continue
        present = set(record.FORMAT or ()) & names
        values = {name: record.format(name) for name in present}
        arrays = {name: _numbers(array)[None, wanted] for name, array in values.items() if array is not None}
        chosen = np.array(groups[number])
        here = Alleles(
            np.zeros(len(chosen), dtype=np.int64),
            alleles.number[chosen],
            alleles.ref[chosen],
            alleles.alt[chosen],
        )
        for scheme in schemes:
            if not all(name in arrays for name in scheme.fields):
                continue
            found, covered = scheme.decode(arrays, here)
            fill = np.isnan(depth[chosen]) | np.isnan(alt[chosen])
            answered = fill & ~np.isnan(found) & ~np.isnan(covered)
            alt[chosen] = np.where(answered, found, alt[chosen])
            depth[chosen] = np.where(answered, covered, depth[chosen])


def _assemble(
    header: Header,
    records: _Records,
    alleles: Alleles,
    alt: np.ndarray,
    depth: np.ndarray,
    tumours: int,
    scheme: str,
    excluded: list[Excluded],
) -> Calls:
    rows = alleles.record.tolist()
    unknown = np.isnan(alt) | np.isnan(depth)
    alt, depth = np.where(unknown, np.nan, alt), np.where(unknown, np.nan, depth)
    chrom = [records.chrom[i] for i in rows]
    key = split_key(chrom, [records.pos[i] for i in rows], alleles.ref.tolist(), alleles.alt.tolist())
    nothing = np.full(len(rows), np.nan)
    has_normal = alt.shape[1] > tumours
    return Calls(
        header,
        key,
        chrom,
        [records.filters[i] for i in rows],
        alt[:, :tumours],
        depth[:, :tumours],
        alt[:, tumours] if has_normal else nothing,
        depth[:, tumours] if has_normal else nothing,
        [records.annotation[i] for i in rows] if records.annotation else [None] * len(rows),
        scheme,
        excluded,
        records.filtered,
    )
