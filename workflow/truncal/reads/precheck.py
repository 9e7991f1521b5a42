"""What must hold of a VCF's text before htslib reads its records.

htslib hands out half-read records, whose alleles crash the interpreter, where a faulty line stands on a
contig that the header does not declare; and one hostile line can ask for gigabytes. One pass over the text
finds both, and names the contigs that are to be declared.
"""

from __future__ import annotations

import re
import zlib
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from truncal.errors import Fault, Faults, UserError

_CONTIG_NAME = re.compile(rb"[0-9A-Za-z!#$%&+./:;?@^_|~-][0-9A-Za-z!#$%&*+./:;=?@^_|~-]*\Z")  # VCF 4.3, 1.4.7
LONGEST_LINE = 1 << 26
_MOST_VALUES = 1 << 26
SHOWN = 5


def contig_names(path: Path, columns: int) -> tuple[str, ...]:
    """Contigs that the records of a text VCF with `columns` sample columns name, each once; none for BCF.

    Raises
    ------
    UserError
        the compression is damaged; records have no valid contig name or NUL bytes, are empty lines, or too
        long to read.

    """
    stat = path.stat()
    return _contig_names(path, columns, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _contig_names(path: Path, columns: int, _changed: int, _size: int) -> tuple[str, ...]:
    faults = Faults()
    found: dict[bytes, None] = {}
    try:
        with open_maybe_gzip(path) as handle:
            if handle.read(3) == b"BCF":
                return ()
            handle.seek(0)
            _scan(handle, path, columns, found, faults)
    except (OSError, EOFError, zlib.error) as error:  # htslib might hand out what comes before the damage
        raise UserError([*faults.found, Fault(damage(error), path)]) from error
    faults.raise_if_any()
    return tuple(name.decode() for name in found)


def open_maybe_gzip(path: Path) -> IO[bytes]:
    """Open a file's content for reading, unpacked where it is compressed."""
    import gzip

    raw = path.open("rb")
    compressed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    return gzip.open(raw) if compressed else raw  # type: ignore[return-value]


def damage(error: Exception) -> str:
    """What an error of reading a compressed file says of it."""
    if isinstance(error, OSError) and error.errno is not None:
        return f"cannot be read: {error.strerror}"
    return f"the compressed file is {'cut off' if isinstance(error, EOFError) else 'damaged'}"


def _scan(handle: IO[bytes], path: Path, columns: int, found: dict[bytes, None], faults: Faults) -> None:
    number, headed = 0, False
    while line := handle.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            faults.add(f"record {number + 1} is longer than {LONGEST_LINE >> 20} MB", path)
            return
        if not headed and line.startswith(b"#"):
            headed = line.startswith(b"#CHROM")
            continue
        number += 1
        name, tab, _ = line.partition(b"\t")
        if not line.strip():
            reason = "is an empty line"
        elif line.startswith(b"#"):
            reason = "is a header line; all of these come before the line #CHROM"
        elif name not in found and not (tab and _CONTIG_NAME.match(name)):
            reason = f"has no valid contig name ({name[:40]!r})"
        elif b"\0" in line:
            reason = "holds a NUL byte"
        elif not line.isascii() and not _is_utf8(line):
            reason = "is not UTF-8 text"
        elif line.count(b",") * max(columns, 1) > _MOST_VALUES:
            reason = "has more values than can be read"
        else:
            found[name] = None
            continue
        if len(faults.found) < SHOWN:
            faults.add(f"record {number} {reason}", path)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def declare(vcf: Any, path: Path, columns: int, declared: set[str]) -> None:
    """Declare the contigs of a file's records that its header leaves out, in an open cyvcf2 reader."""
    for name in contig_names(path, columns):
        if name not in declared:
            try:
                vcf.add_to_header(f"##contig=<ID={name}>")
            except Exception as error:  # cyvcf2 raises bare exceptions
                faults = Faults()
                faults.add(f"contig {name} can't be read", path)
                raise UserError(faults.found) from error
