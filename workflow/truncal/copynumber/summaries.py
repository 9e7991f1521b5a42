"""Purity and ploidy from the summary that a copy-number tool writes beside its segments."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from truncal.copynumber.rawtable import MISSING, RawTable, read_raw
from truncal.errors import Fault, UserError
from truncal.tables import open_text


@dataclass(frozen=True)
class Summary:
    """What a tool says of a sample; None where it says nothing. notes: (code, sentence) for the report."""

    purity: float | None = None
    ploidy: float | None = None
    notes: tuple[tuple[str, str], ...] = ()


Reader = Callable[[Path], Summary]


def read_summary(segments: Path, tool: str) -> Summary:
    """The tool's summary that belongs to a segment file by its name; empty where there is none.

    Raises
    ------
    UserError
        there is a summary, but its purity or ploidy is no number in the possible range.

    """
    for pattern, companions in _COMPANIONS.get(tool, ()):
        match = re.fullmatch(pattern, segments.name.removesuffix(".gz"))
        if match is None:
            continue
        for template, reader in companions:
            path = segments.with_name(template.format(stem=match["stem"]))
            if path != segments and path.exists():
                return _checked(reader(path), path)
    return Summary()


def _checked(found: Summary, path: Path) -> Summary:
    if found.purity is not None and not 0 < found.purity <= 1:
        raise UserError(Fault(f"purity {found.purity:g} is not between 0 and 1", path))
    if found.ploidy is not None and not 0 < found.ploidy < 50:
        raise UserError(Fault(f"ploidy {found.ploidy:g} is not a ploidy", path))
    return found


def _columns(purity: tuple[str, ...], ploidy: tuple[str, ...], row: int = 0) -> Reader:
    """Reader of a table with one column each, of which `row` is taken."""

    def read(path: Path) -> Summary:
        table = read_raw(path, "purity summary")
        at = row if row < len(table) else 0
        return Summary(_value(table, at, purity), _value(table, at, ploidy))

    return read


def _value(table: RawTable, row: int, names: tuple[str, ...]) -> float | None:
    name = table.first(*names)
    if name is None or row >= len(table) or table.columns[name][row] in MISSING:
        return None
    return _number(table.columns[name][row], table.file)


def _number(text: str, path: Path) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UserError(Fault(f"{text} is not a number", path)) from error


def _purecn(path: Path) -> Summary:
    table = read_raw(path, "purity summary")
    if "purity" not in table:
        return Summary()
    notes = []
    comment = table.columns.get("comment", [""])[0]
    if table.columns.get("flagged", ["FALSE"])[0].upper() == "TRUE":
        notes.append(
            ("purity_flagged", f"PureCN flagged its purity and ploidy{f' ({comment})' if comment else ''}.")
        )
    return Summary(_value(table, 0, ("purity",)), _value(table, 0, ("ploidy",)), tuple(notes))


def _lines(purity: str, ploidy: str, *, normal: str | None = None) -> Reader:
    """Reader of `key: value` lines; `normal` is the key of the share of normal cells."""

    def read(path: Path) -> Summary:
        with open_text(path) as handle:
            text = handle.read()

        def find(key: str | None) -> float | None:
            match = (
                re.search(rf"^#?\s*{key}\s*[:=]?\s*([^\s]+)", text, re.MULTILINE | re.IGNORECASE)
                if key
                else None
            )
            return None if match is None or match[1] in MISSING else _number(match[1], path)

        contamination = find(normal)
        return Summary(find(purity) if contamination is None else 1 - contamination, find(ploidy))

    return read


def _battenberg(path: Path) -> Summary:
    """`_rho_and_psi.txt`: R writes one field less in the header; the row FRAC_GENOME is the one used."""
    with open_text(path) as handle:
        rows = [line.split() for line in handle if line.strip()]
    header = rows[0]
    for row in rows[1:]:
        if row[0].strip('"') == "FRAC_GENOME" and len(row) == len(header) + 1:
            values = dict(zip(header, row[1:], strict=True))
            return Summary(
                _number(values["rho"], path) if values.get("rho", "NA") not in MISSING else None,
                _number(values["ploidy"], path) if values.get("ploidy", "NA") not in MISSING else None,
            )
    return Summary()


_TABLE = _columns(("purity", "aberrantcellfraction", "cellularity"), ("ploidy",))
_FACETS_OUT = _lines("Purity", "Ploidy")
_ASCAT_STATISTICS = _lines("rho", "Ploidy", normal="NormalContamination")
_TITAN_PARAMS = _lines(
    "Tumou?r purity", "Average tumou?r ploidy estimate", normal="Normal contamination estimate"
)

# tool → (name of the segment file, its companions in the order of preference)
_COMPANIONS: dict[str, tuple[tuple[str, tuple[tuple[str, Reader], ...]], ...]] = {
    "ASCAT": (
        (
            r"(?P<stem>.+?)\.(segments|segments_raw)\.txt",
            (
                ("{stem}.purityploidy.txt", _TABLE),
                ("{stem}.samplestatistics.txt", _ASCAT_STATISTICS),
                ("{stem}.samplestatistics.csv", _ASCAT_STATISTICS),
            ),
        ),
    ),
    "ASCAT (caveman)": (
        (
            r"(?P<stem>.+?)\.copynumber\.caveman\.csv",
            (
                ("{stem}.samplestatistics.txt", _ASCAT_STATISTICS),
                ("{stem}.samplestatistics.csv", _ASCAT_STATISTICS),
            ),
        ),
    ),
    "Sequenza": (
        (
            r"(?P<stem>.+?)[_.]segments\.txt",
            (
                # three rows: lower bound, estimate, upper bound
                ("{stem}_confints_CP.txt", _columns(("cellularity",), ("ploidy.estimate",), 1)),
                ("{stem}_alternative_solutions.txt", _columns(("cellularity",), ("ploidy",))),
            ),
        ),
    ),
    "FACETS": (
        (
            r"(?P<stem>.+?)(_hisens|_purity)?\.cncf(\.txt)?",
            (
                ("{stem}_purity.out", _FACETS_OUT),
                ("{stem}_hisens.out", _FACETS_OUT),
                ("{stem}.out", _FACETS_OUT),
                ("{stem}.txt", _TABLE),
            ),
        ),
    ),
    "PURPLE": (
        (
            r"(?P<stem>.+?)\.purple\.(cnv\.somatic|cnv|segment)(\.tsv)?",
            (("{stem}.purple.purity.tsv", _TABLE), ("{stem}.purple.purity", _TABLE)),
        ),
    ),
    "Battenberg": (
        (
            r"(?P<stem>.+?)_(subclones|copynumber)\.txt",
            (
                ("{stem}_purity_ploidy.txt", _TABLE),
                ("{stem}_cellularity_ploidy.txt", _TABLE),
                ("{stem}_rho_and_psi.txt", _battenberg),
            ),
        ),
    ),
    "TITAN": (
        (
            r"(?P<stem>.+?)[._](titan\.ichor\.seg|titan\.seg|segs|seg)(\.noSNPs)?\.txt",
            (
                ("{stem}.params.txt", _TITAN_PARAMS),
                ("{stem}_params.txt", _TITAN_PARAMS),
            ),
        ),
    ),
    "PureCN": ((r"(?P<stem>.+?)_(loh\.csv|dnacopy\.seg)", (("{stem}.csv", _purecn),)),),
}
