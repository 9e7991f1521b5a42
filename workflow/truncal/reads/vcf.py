"""Somatic variants and their read counts from a VCF or BCF.

One pass over the file collects what every record has (alleles, FILTER, the fields of the scheme that fits the
header): `text` does it for text files without surprises, htslib for all others, as raw bytes; the arithmetic
is done afterwards on whole arrays. A second pass looks again at the few records that this scheme does not
answer for, with every scheme the header allows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from truncal.errors import Fault, UserError
from truncal.reads.alleles import Key, are_snvs, refusal, split_keys
from truncal.reads.annotation import Raw, Source
from truncal.reads.arrays import MISSING, numbers, pack, stack
from truncal.reads.columns import Columns
from truncal.reads.header import Header, broken, open_vcf, parse_header
from truncal.reads.precheck import declare
from truncal.reads.precheck_bcf import check_values
from truncal.reads.schemes import SCHEMES, Alleles, Scheme, candidates
from truncal.reads.text import Records, read_text

NORMAL_IN_TUMOUR = ("NAD", "NDP")
"""ClairS writes the normal's alternative reads and depth into the tumour's column."""


SCANNED = 4_000_000
"""Bytes up to which a file's text is looked through before htslib reads it. A longer one is scanned only once
a contig turns up that its header does not declare: there htslib hands out records that it could not parse."""


@dataclass
class Calls:
    """Split and trimmed alleles of one file, N in all, with the counts of S tumour samples.

    name: the file's. key: (canonical chromosome, pos, ref, alt). chrom: as in the file. filters: FILTER where
    the record did not pass, else None. alt, depth: (N, S) float64, NaN where the file says nothing about the
    sample. normal_alt, normal_depth: (N,), NaN without a normal. annotation: what the record says of genes,
    or None. info: further INFO values, per name a list of N. record: (N,) number of the record in the file,
    from 0. excluded: (allele, reason, detail) of what is no small variant.
    """

    name: str
    key: list[Key]
    chrom: list[str]
    filters: list[str | None]
    alt: np.ndarray
    depth: np.ndarray
    normal_alt: np.ndarray
    normal_depth: np.ndarray
    annotation: list[Raw | None]
    record: np.ndarray
    number: np.ndarray
    scheme: str
    info: dict[str, list[Any]] = field(default_factory=dict)
    excluded: list[tuple[str, str, str]] = field(default_factory=list)
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
    try:
        return parse_header(path, vcf.raw_header, vcf.samples)
    except UnicodeDecodeError as error:
        raise UserError(Fault("has a header that is not UTF-8 text", path)) from error
    finally:
        vcf.close()


def choose_schemes(header: Header, forced: str | None = None) -> list[Scheme]:
    """Schemes by which this file's counts can be read, best first.

    Raises
    ------
    UserError
        the header declares no fields from which counts follow, the forced scheme does not fit, or the file
        holds a germline caller's genotypes.

    """
    found = candidates(header)
    if forced is not None:
        found = [scheme for scheme in found if scheme.name == forced]
    elif germline := germline_caller(header):
        raise UserError(
            Fault(
                f"holds germline calls ({germline}), not somatic ones; set reads.scheme to use it even so",
                header.path,
            )
        )
    if found:
        return found
    fields = ", ".join(header.formats) or "none"
    what = f"scheme {forced} does not fit" if forced else "no known way to read counts"
    if "SVTYPE" in header.infos and not forced:
        what = "seems to hold structural variants, which are not read; " + what
    raise UserError(
        Fault(
            f"{what}; FORMAT fields found: {fields}; expected AD, or the fields of a supported caller",
            header.path,
        )
    )


def germline_caller(header: Header) -> str | None:
    """The germline caller that the header names, unless it also names a tumour sample."""
    for words, name in _GERMLINE.items():
        if words in header.caller and not header.values("tumor_sample") and len(header.columns) == 1:
            return name
    return None


_GERMLINE = {
    "strelka germline": "Strelka's germline workflow",
    "haplotypecaller": "GATK HaplotypeCaller",
    "genotypegvcfs": "GATK GenotypeGVCFs",
    "deepvariant": "DeepVariant",
}


def read_calls(
    header: Header,
    columns: Columns,
    *,
    scheme: str | None = None,
    source: Source | None = None,
    info: Sequence[str] = (),
) -> Calls:
    """Read a file's alleles and counts, with the annotation of `source` and further INFO fields.

    Raises
    ------
    UserError
        the file breaks off or a record can't be read, it has no records, or no scheme fits.

    """
    schemes = choose_schemes(header, scheme)
    wanted = [*columns.tumours, *([columns.normal] if columns.normal is not None else [])]
    beside = [name for name in NORMAL_IN_TUMOUR if name in header.formats]
    if columns.normal is not None or len(beside) < 2 or len(columns.tumours) != 1:
        beside = []
    status = [name for name in ("SS",) if name in header.formats]
    names = [name for name in info if name in header.infos]
    fields = [*schemes[0].fields, *beside, *status]
    infos = [*names, *([source.info] if source else [])]
    records = read_text(header, fields, infos) or _first_pass(header, fields, infos)
    if not records.pos:
        raise UserError(Fault("has no records", header.path))
    samples = max(len(header.columns), 1)
    arrays = {name: stack(raw, samples, wanted) for name, raw in records.raw.items()}
    arrays |= {name: values[:, wanted] for name, values in records.values.items()}
    alleles, snv, excluded = _split(records)
    alt, depth = schemes[0].decode(arrays, alleles)
    tumours = len(columns.tumours)
    doubt = np.isnan(alt[:, :tumours]).all(axis=1) | (~np.isnan(alt) & np.isnan(depth)).any(axis=1)
    if doubt.any():
        _second_pass(header, schemes, alleles, np.flatnonzero(doubt), wanted, alt, depth)
    _refuse_negative(header, records, alleles, alt, depth)
    unknown = ~(np.isfinite(alt) & np.isfinite(depth))
    alt, depth = np.where(unknown, np.nan, alt), np.where(unknown, np.nan, np.maximum(depth, alt))
    rows = alleles.record.tolist()
    chrom, pos, filters = records.chrom, records.pos, records.filters
    if rows != list(range(len(pos))):
        chrom, pos, filters = [chrom[i] for i in rows], [pos[i] for i in rows], [filters[i] for i in rows]
    nothing = np.full(len(rows), np.nan)
    normal_alt, normal_depth = (
        (alt[:, -1], depth[:, -1]) if columns.normal is not None else (nothing, nothing)
    )
    if beside:
        normal_alt, normal_depth = (arrays[name][alleles.record, 0, -1] for name in beside)
    calls = Calls(
        header.path.name,
        split_keys(chrom, pos, alleles.ref.tolist(), alleles.alt.tolist(), snv),
        chrom,
        filters,
        alt[:, :tumours],
        depth[:, :tumours],
        normal_alt,
        normal_depth,
        _annotations(records, alleles, source),
        alleles.record,
        alleles.number,
        schemes[0].name,
        {name: [records.info[name][i] for i in rows] for name in names},
        excluded,
        records.filtered,
    )
    if status:
        calls.info["FORMAT/SS"] = arrays["SS"][alleles.record, 0, 0].tolist()
    return calls


def _refuse_negative(
    header: Header, records: Records, alleles: Alleles, alt: np.ndarray, depth: np.ndarray
) -> None:
    wrong = np.flatnonzero((alt < 0).any(axis=1) | (depth < 0).any(axis=1))
    if len(wrong):
        i = int(alleles.record[wrong[0]])
        more = f" (and {len(wrong) - 1} more alleles)" if len(wrong) > 1 else ""
        where = f"record {i + 1} ({records.chrom[i]}:{records.pos[i]})"
        raise UserError(Fault(f"{where} has a negative read count{more}", header.path))


def _annotations(records: Records, alleles: Alleles, source: Source | None) -> list[Raw | None]:
    rows = alleles.record.tolist()
    if source is None:
        return [None] * len(rows)
    texts, refs, alts = records.info[source.info], records.ref, records.alt
    return [
        Raw(source, str(texts[i]), refs[i], alts[i].split(","), number) if texts[i] else None
        for i, number in zip(rows, alleles.number.tolist(), strict=True)
    ]


def _first_pass(header: Header, fields: Sequence[str], infos: Sequence[str]) -> Records:
    records = Records(raw={name: [] for name in fields}, info={name: [] for name in infos})
    formats = [(name, store) for name, store in records.raw.items() if name != "GT" and "/" not in name]
    special = [(name, store) for name, store in records.raw.items() if name == "GT" or "/" in name]
    info = list(records.info.items())
    add_chrom, add_pos, add_ref = records.chrom.append, records.pos.append, records.ref.append
    add_alt, add_filter = records.alt.append, records.filters.append
    try:
        for record in iterate(header):
            add_chrom(record.CHROM)
            add_pos(record.POS)
            add_ref(record.REF)
            add_alt(",".join(record.ALT) or ".")
            failed = record.FILTER
            add_filter(failed)
            if not records.filtered and (failed is not None or record.FILTERS):
                records.filtered = True
            for name, store in formats:
                values = format_values(record, name, header)
                # bytes are copied here: the array's memory is the record's
                store.append(b"" if values is None else pack(values))
            for name, store in special:
                store.append(pack(_special(record, name)))
            if info:
                get = record.INFO.get
                for name, kept in info:
                    kept.append(get(name))
    except UnicodeDecodeError as error:
        number = len(records.filters) + 1
        raise UserError(Fault(f"record {number} can't be read: it is not UTF-8 text", header.path)) from error
    return records


def _special(record: Any, name: str) -> np.ndarray:
    """What cyvcf2 does not give by `format`: alleles of the genotype, and fields of INFO."""
    if name == "GT":
        alleles = record.genotype.array()[:, :-1]
        return np.where(alleles < 0, MISSING, alleles).astype(np.int32)
    value = record.INFO.get(name.partition("/")[2])
    return numbers(np.array([",".join(map(str, value)) if isinstance(value, tuple) else str(value)]))


def format_values(record: Any, name: str, header: Header) -> Any:
    """Values of a FORMAT field, None where the record has none (a BCF may have the field without values).

    Raises
    ------
    UserError
        the header gives the field no type that can be read.

    """
    try:
        values = record.format(name)
        return values if values is not None and values.size else None
    except Exception as error:  # cyvcf2 raises bare exceptions of several kinds
        raise UserError(
            Fault(
                f"FORMAT/{name} can't be read: its header line needs a Type of Integer, Float or String",
                header.path,
            )
        ) from error


def iterate(header: Header) -> Iterator[Any]:
    """Iterate over a file's records.

    Raises
    ------
    UserError
        a record can't be parsed; the message has its number.

    """
    declared = set(header.contigs)
    scan = header.path.stat().st_size <= SCANNED
    number = 0
    while True:
        vcf = open_vcf(header.path)
        undeclared = False
        passed = 0
        try:
            check_values(vcf, header.path, len(header.columns))
            if scan:
                declare(vcf, header.path, len(header.columns), declared)
            for record in vcf:
                if passed < number:  # seen before the file had to be scanned
                    passed += 1
                    continue
                if not scan and record.CHROM not in declared:
                    undeclared = True
                    break
                number += 1
                passed += 1
                yield record
        except UserError:
            raise
        except Exception as error:
            reason = broken(header.path) or "its columns or fields are not as the header says"
            raise UserError(Fault(f"record {number + 1} can't be read: {reason}", header.path)) from error
        finally:
            vcf.close()
        if not undeclared:
            return
        scan = True


def _split(records: Records) -> tuple[Alleles, np.ndarray, list[tuple[str, str, str]]]:
    """One entry an alternative allele, and which are SNVs; what is no small variant is left out with the
    reason."""
    ref, alt = records.ref, records.alt
    record, number = np.arange(len(ref)), np.ones(len(ref), dtype=np.int64)
    if ",".join(alt).count(",") >= len(alt):  # several in some record
        options = [text.split(",") for text in alt]
        sizes = np.fromiter(map(len, options), dtype=np.int64, count=len(options))
        record = np.repeat(record, sizes)
        number = np.arange(len(record)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + 1
        ref = [ref[i] for i in record.tolist()]
        alt = [option for some in options for option in some]
    snv = are_snvs(ref, alt)
    kept = snv.copy()
    excluded = []
    for i in np.flatnonzero(~snv).tolist():
        reason = refusal(ref[i], alt[i])
        kept[i] = reason is None
        if reason is not None:
            row = record[i]
            name = f"{records.chrom[row]}:{records.pos[row]}:{ref[i]}:{alt[i]}"
            excluded.append((name, "not_a_mutation", reason))
    texts = np.array(ref, dtype=object), np.array(alt, dtype=object)
    return Alleles(record[kept], number[kept], texts[0][kept], texts[1][kept]), snv[kept], excluded


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
    # records of merged files have fields that the header may not even declare
    schemes = [*schemes, *(scheme for scheme in SCHEMES if scheme not in schemes)]
    names = {name for scheme in schemes for name in scheme.fields if name != "GT" and "/" not in name}
    for number, record in enumerate(iterate(header)):
        if number not in groups:
            continue
        arrays = {}
        for name in names & set(record.FORMAT or ()):
            values = format_values(record, name, header)
            if values is not None:
                arrays[name] = numbers(values)[None, wanted]
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
            answered = (
                ~np.isnan(found) & ~np.isnan(covered) & (np.isnan(depth[chosen]) | np.isnan(alt[chosen]))
            )
            alt[chosen] = np.where(answered, found, alt[chosen])
            depth[chosen] = np.where(answered, covered, depth[chosen])
