"""What the header of a VCF says: its columns, FORMAT and INFO fields, caller, build."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from truncal.copynumber.genome import LENGTHS, canonical
from truncal.errors import Fault, UserError

_BUILD_WORDS = {
    "GRCh37": re.compile(r"grch37|hg19|hs37|b37|human_g1k_v37|grch_37", re.IGNORECASE),
    "GRCh38": re.compile(r"grch38|hg38|hs38|assembly38|grch_38", re.IGNORECASE),
}
_FIELD = re.compile(r"##(FORMAT|INFO)=<ID=([^,>]+),.*?Number=([^,>]+)(?:,Type=(\w+))?")
_CONTIG = re.compile(r"##contig=<ID=([^,>]+)(?:.*?length=(\d+))?")
_SAMPLE = re.compile(r"##SAMPLE=<ID=([^,>]+)(.*)>\s*\Z")
_META = re.compile(r"##([A-Za-z_.]+)=(.*)\Z")
_DESCRIPTION = re.compile(r'Description="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Header:
    """A VCF's header.

    columns: sample columns in file order. formats, infos: field → its Number. meta: other `##key=value`
    lines. contigs: contig → length (None where not stated). samples: `##SAMPLE` lines, ID → the rest.
    descriptions: of INFO fields. types: `FORMAT/ID` or `INFO/ID` → Type, where it follows the Number.
    """

    path: Path
    columns: list[str]
    formats: dict[str, str]
    infos: dict[str, str]
    meta: dict[str, list[str]]
    contigs: dict[str, int | None]
    samples: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)

    @cached_property
    def caller(self) -> str:
        """Everything the header says about the software, in lower case; for words only a caller would use."""
        said = [
            value for key in ("source", "content", "cmdline", "caller") for value in self.meta.get(key, [])
        ]
        said += [key for key in self.meta if key.startswith("GATKCommandLine")]
        said += [
            value[:60] for key in self.meta if key.startswith("GATKCommandLine") for value in self.meta[key]
        ]
        return " ".join(said).lower()

    @cached_property
    def build(self) -> str | None:
        """GRCh37 or GRCh38 from the contigs' lengths, else from what the header calls its reference."""
        votes = {
            build: sum(
                length == lengths.get(canonical(name)) for name, length in self.contigs.items() if length
            )
            for build, lengths in LENGTHS.items()
        }
        if max(votes.values()) > 0:
            return max(votes, key=lambda build: votes[build])
        said = " ".join(
            value
            for key in ("reference", "assembly", "commandline", "DRAGENCommandLine")
            for value in self.meta.get(key, [])
        )
        named = [build for build, word in _BUILD_WORDS.items() if word.search(said)]
        return named[0] if len(named) == 1 else None

    def values(self, key: str) -> list[str]:
        """Values of a `##key=value` line, once each, in order."""
        return list(dict.fromkeys(self.meta.get(key, [])))


def open_vcf(path: Path, **options: Any) -> Any:
    """Open with cyvcf2.

    Raises
    ------
    UserError
        the file can't be read as VCF or BCF.

    """
    import cyvcf2
    from cyvcf2.cyvcf2 import set_htslib_log_level

    set_htslib_log_level(1)  # undeclared contigs and fields are no fault of the user's
    _check_text(path)
    try:
        return cyvcf2.VCF(str(path), **options)
    except Exception as error:  # cyvcf2 raises bare exceptions of several kinds
        reason = broken(path) or _other_content(path) or _first_line(error)
        raise UserError(Fault(f"cannot be read as VCF or BCF: {reason}", path)) from error


def broken(path: Path) -> str | None:
    """Whether the compression of a file is cut off or damaged; read only after something went wrong."""
    try:
        with path.open("rb") as raw:
            if raw.read(2) != b"\x1f\x8b":
                return None
        with gzip.open(path) as handle:
            while handle.read(1 << 20):
                pass
    except EOFError:
        return "the compressed file is cut off"
    except (OSError, zlib.error):
        return "the compressed file is damaged"
    return None


def _other_content(path: Path) -> str | None:
    """What a readable file that is no VCF seems to be."""
    with path.open("rb") as raw:
        compressed = raw.read(2) == b"\x1f\x8b"
    with gzip.open(path) if compressed else path.open("rb") as handle:
        text = handle.read(1 << 20)
    kinds = {b"": "it is empty", b"BAM\1": "it is a BAM file", b"CRAM": "it is a CRAM file"}
    if text[:4] in kinds:
        return kinds[text[:4]]
    if text.startswith(b"\xef\xbb\xbf"):
        return "it begins with a byte order mark; save it as UTF-8 without one"
    columns = next((line for line in text.split(b"\n") if line.startswith(b"#CHROM")), b"\t")
    if b"\t" not in columns:
        return "the fields of its line #CHROM are not separated by tabs"
    return None if text.startswith(b"##fileformat=VCF") else "it does not begin with ##fileformat=VCF"


def _check_text(path: Path) -> None:
    """What htslib would only mumble about: not a VCF at all, or a cut-off bgzip file."""
    try:
        with path.open("rb") as handle:
            start = handle.read(18)
            if start[:2] == b"\x1f\x8b":
                if start[12:14] == b"BC":
                    _check_bgzip_end(handle, path)
                return
    except OSError as error:
        raise UserError(Fault(f"cannot be read: {error.strerror}", path)) from error
    if not start:
        raise UserError(Fault("is empty; expected a VCF", path))
    if not start.startswith((b"##fileformat=VCF", b"\xef\xbb\xbf##fileformat", b"BCF")):
        kinds = {
            b"\xff\xfe": "it is UTF-16 text",
            b"\xfe\xff": "it is UTF-16 text",
            b"PK": "it is a zip file",
        }
        what = kinds.get(start[:2], "the header is missing")
        raise UserError(Fault(f"is no VCF: it does not begin with ##fileformat=VCF; {what}", path))


def _check_bgzip_end(handle: Any, path: Path) -> None:
    end = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
    handle.seek(0, 2)
    if handle.tell() >= len(end):
        handle.seek(-len(end), 2)
        if handle.read() == end:
            return
    raise UserError(
        Fault("is cut off: the bgzip end-of-file block is missing; copy or compress it again", path)
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def parse_header(path: Path, text: str, columns: Sequence[str]) -> Header:
    """Header from its text; `columns` are the sample columns."""
    formats: dict[str, str] = {}
    infos: dict[str, str] = {}
    meta: dict[str, list[str]] = {}
    contigs: dict[str, int | None] = {}
    samples: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    types: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("##contig"):
            match = _CONTIG.match(line)
            if match:
                contigs[match.group(1)] = int(match.group(2)) if match.group(2) else None
            continue
        if line.startswith(("##FORMAT", "##INFO")):
            match = _FIELD.match(line)
            if match:
                kind, name, number, type_ = match.groups()
                (formats if kind == "FORMAT" else infos)[name] = number
                if type_:
                    types[f"{kind}/{name}"] = type_
                if kind == "INFO" and (said := _DESCRIPTION.search(line)):
                    descriptions[name] = said.group(1)
            continue
        match = _SAMPLE.match(line)
        if match:
            samples[match.group(1)] = match.group(2)
            continue
        match = _META.match(line)
        if match:
            meta.setdefault(match.group(1), []).append(match.group(2))
    return Header(path, list(columns), formats, infos, meta, contigs, samples, descriptions, types)
