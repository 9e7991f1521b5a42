"""Opening BAM and CRAM files: what must hold before reads are counted, and the reads of many places at once.

The reads are fetched by samtools' multi-region iterator, which comes with pysam, as one uncompressed BAM: it
reads every read once, decodes CRAM, and leaves out by flag and mapping quality what may not count.
"""

from __future__ import annotations

import os
import re
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from truncal.copynumber.genome import LENGTHS, canonical
from truncal.errors import Fault, Faults, UserError

EXCLUDED_FLAGS = 0x4 | 0x100 | 0x200 | 0x400 | 0x800
"""Unmapped, secondary, failed by the machine's quality control, duplicate, supplementary."""

_READ_GROUP_SAMPLE = re.compile(r"^@RG\t(?:.*\t)?SM:([^\t\n]+)", re.MULTILINE)

UNPLACED_TOO = EXCLUDED_FLAGS & ~0x4
"""The same with reads that have no position of their own but their mate's."""


@dataclass(frozen=True)
class AlignmentFile:
    """A BAM or CRAM that was found fit to count in.

    contigs: canonical name → (index in the header, name there, length). build: GRCh37, GRCh38 or None, from
    the contigs' lengths.
    """

    path: Path
    reference: Path | None
    contigs: dict[str, tuple[int, str, int]]
    build: str | None
    is_cram: bool


def open_alignments(
    path: str | Path, *, reference: str | Path | None = None, build: str | None = None
) -> AlignmentFile:
    """Check a BAM or CRAM file. `reference`: the FASTA (CRAM cannot be read without); `build`: the VCF's.

    Raises
    ------
    UserError
        the file is missing, no BAM or CRAM, truncated, not sorted by coordinate, without an index or of
        another build; a CRAM without its reference; a reference without its index.

    """
    import pysam

    path = Path(path)
    if not path.exists():
        raise UserError(Fault("no such file", path))
    verbosity = pysam.set_verbosity(0)  # what htslib prints is said in our words
    try:
        try:
            handle = pysam.AlignmentFile(str(path), check_sq=False)
        except (OSError, ValueError) as error:
            raise UserError(Fault(f"is not a BAM or CRAM file that can be read: {error}", path)) from error
        with handle:
            if handle.is_sam:
                raise UserError(Fault("is SAM text; expected a BAM or CRAM file, sorted and indexed", path))
            order = _sort_order(handle, path)
            faults = Faults()
            if order in ("unsorted", "queryname"):
                faults.add(
                    f"is not sorted by coordinate (its header says {order}); run: samtools sort, then index",
                    path,
                )
            elif not _has_index(handle):
                faults.add(f"has no index; run: samtools index {path.name}", path)
            if handle.is_bam and not _is_complete(path):
                faults.add("is truncated: its end-of-file mark is missing", path)
            if (
                handle.is_cram
                and reference is None
                and not os.environ.get("REF_PATH", os.environ.get("REF_CACHE"))
            ):
                faults.add(
                    "is a CRAM, which needs its reference: give the FASTA (`reference` in the config)", path
                )
            contigs = {
                canonical(name): (index, name, length)
                for index, (name, length) in enumerate(zip(handle.references, handle.lengths, strict=True))
            }
            is_cram = handle.is_cram
        found = build_of(contigs)
        if build is not None and found != build:
            _other_build(contigs, found, build, path, faults)
        if reference is not None:
            _check_reference(Path(reference), faults)
        faults.raise_if_any()
    except UnicodeDecodeError as error:
        raise UserError(Fault("its header is not UTF-8 text", path)) from error
    finally:
        pysam.set_verbosity(verbosity)
    return AlignmentFile(path, None if reference is None else Path(reference), contigs, found, is_cram)


def check_sample(path: str | Path, names: Sequence[str], others: Sequence[str]) -> None:
    """Check that the read groups of a BAM or CRAM are not those of another sample of the patient.

    `names`: what the sample may be called; `others`: what the others may be called. A sample that none of
    them is called is taken: laboratories' names differ from those of the sheet.

    Raises
    ------
    UserError
        the read groups name one of `others` and none of `names`.

    """
    import pysam

    with pysam.AlignmentFile(str(path), check_sq=False) as handle:
        found = sorted(set(_READ_GROUP_SAMPLE.findall(str(handle.header))))
    if set(found) & set(others) and not set(found) & set(names):
        text = f"holds the reads of {', '.join(found)}, not of {' or '.join(names)}"
        raise UserError(Fault(text, path))


def build_of(contigs: dict[str, tuple[int, str, int]]) -> str | None:
    """The build whose chromosomes have these lengths, None where neither fits."""
    for build, lengths in LENGTHS.items():
        shared = [name for name in lengths if name in contigs]
        if shared and all(contigs[name][2] == lengths[name] for name in shared):
            return build
    return None


def _other_build(
    contigs: dict[str, tuple[int, str, int]], found: str | None, build: str, path: Path, faults: Faults
) -> None:
    if found is not None:
        faults.add(f"is aligned to {found}, the mutations are on {build}", path)
        return
    for name, length in LENGTHS[build].items():
        _, there, bases = contigs.get(name, (0, name, length))
        if bases != length:
            faults.add(f"is not aligned to {build}: its {there} has {bases} bases, not {length}", path)
            return


def fetch(
    file: AlignmentFile,
    regions: Sequence[tuple[str, int, int]],
    min_mapping_quality: int,
    excluded: int = EXCLUDED_FLAGS,
) -> bytes:
    """All countable reads that overlap the regions, each once, as the bytes of an uncompressed BAM.

    regions: (name in the header, start, end), 0-based half-open. excluded: flags of reads to leave out.

    Raises
    ------
    UserError
        the file cannot be read to the end of a region.

    """
    import pysam

    with tempfile.TemporaryDirectory(prefix="truncal-") as folder:
        bed, out = Path(folder) / "regions.bed", Path(folder) / "reads.bam"
        bed.write_text("".join(f"{name}\t{max(start, 0)}\t{end}\n" for name, start, end in regions))
        options = ["-u", "-M", "-L", str(bed), "-F", str(excluded), "-q", str(min_mapping_quality)]
        options += ["--keep-tag", "RG", "-o", str(out)]
        if file.reference is not None:
            options += ["-T", str(file.reference)]
        verbosity = pysam.set_verbosity(0)
        try:
            pysam.view(*options, str(file.path), catch_stdout=False)
            return inflate(out.read_bytes())
        except (pysam.SamtoolsError, zlib.error) as error:
            reason = str(error).rstrip("'\n\\n").rsplit("stderr=", 1)[-1]
            raise UserError(Fault(f"cannot be read: {reason}", file.path)) from error
        finally:
            pysam.set_verbosity(verbosity)


def inflate(compressed: bytes) -> bytes:
    """Contents of a BGZF file, block by block (SAM specification, section 4.1)."""
    out = []
    at = 0
    while at < len(compressed):
        extra = int.from_bytes(compressed[at + 10 : at + 12], "little")
        size = 0
        field = at + 12
        while field < at + 12 + extra:
            length = int.from_bytes(compressed[field + 2 : field + 4], "little")
            if compressed[field : field + 2] == b"BC":
                size = int.from_bytes(compressed[field + 4 : field + 6], "little") + 1
            field += 4 + length
        if size == 0:
            raise zlib.error("not a BGZF block")
        out.append(zlib.decompress(compressed[at + 12 + extra : at + size - 8], wbits=-15))
        at += size
    return b"".join(out)


def first_record(data: bytes) -> int:
    """Offset of the first record of an uncompressed BAM, after its header."""
    at = 8 + int.from_bytes(data[4:8], "little")
    n_contigs = int.from_bytes(data[at : at + 4], "little")
    at += 4
    for _ in range(n_contigs):
        at += 8 + int.from_bytes(data[at : at + 4], "little")
    return at


def as_array(data: bytes) -> np.ndarray:
    """The bytes as uint8, without a copy."""
    return np.frombuffer(data, dtype=np.uint8)


def _sort_order(handle: Any, path: Path) -> str:
    """What the header's first line says of the order of the records."""
    try:
        return str(handle.header.to_dict().get("HD", {}).get("SO", "unknown"))
    except UnicodeDecodeError:
        raise
    except (AssertionError, ValueError) as error:  # pysam asserts the form of each line
        raise UserError(Fault("its header has a line that is no SAM header line", path)) from error


def _has_index(handle: object) -> bool:
    try:
        return bool(handle.check_index())  # type: ignore[attr-defined]
    except (ValueError, AttributeError):
        return False


def _is_complete(path: Path) -> bool:
    """Whether a BGZF file ends with the empty block that marks its end."""
    mark = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
    with path.open("rb") as handle:
        handle.seek(0, os.SEEK_END)
        handle.seek(max(0, handle.tell() - len(mark)))
        return handle.read() == mark


def _check_reference(reference: Path, faults: Faults) -> None:
    if not reference.exists():
        faults.add("no such reference FASTA", reference)
    elif not Path(f"{reference}.fai").exists():
        faults.add(f"the reference has no index; run: samtools faidx {reference.name}", reference)
