"""Chromosomes: one name for each, their lengths, and how many copies a normal cell has of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from truncal.errors import UserError

AUTOSOMES = tuple(str(number) for number in range(1, 23))

# Lengths of the assembled chromosomes (Genome Reference Consortium, GRCh37 and GRCh38), 1..22, X, Y.
LENGTHS: dict[str, dict[str, int]] = {
    "GRCh37": dict(
        zip(
            (*AUTOSOMES, "X", "Y"),
            (
                *(249250621, 243199373, 198022430, 191154276, 180915260, 171115067, 159138663, 146364022),
                *(141213431, 135534747, 135006516, 133851895, 115169878, 107349540, 102531392, 90354753),
                *(81195210, 78077248, 59128983, 63025520, 48129895, 51304566, 155270560, 59373566),
            ),
            strict=True,
        )
    ),
    "GRCh38": dict(
        zip(
            (*AUTOSOMES, "X", "Y"),
            (
                *(248956422, 242193529, 198295559, 190214555, 181538259, 170805979, 159345973, 145138636),
                *(138394717, 133797422, 135086622, 133275309, 114364328, 107043718, 101991189, 90338345),
                *(83257441, 80373285, 58617616, 64444167, 46709983, 50818468, 156040895, 57227415),
            ),
            strict=True,
        )
    ),
}

# Pseudoautosomal regions, 1-based inclusive (same source).
PSEUDOAUTOSOMAL: dict[str, dict[str, tuple[tuple[int, int], ...]]] = {
    "GRCh37": {
        "X": ((60001, 2699520), (154931044, 155260560)),
        "Y": ((10001, 2649520), (59034050, 59363566)),
    },
    "GRCh38": {
        "X": ((10001, 2781479), (155701383, 156030895)),
        "Y": ((10001, 2781479), (56887903, 57217415)),
    },
}

_REFSEQ = re.compile(r"NC_0000(\d\d)\.\d+\Z")
_NUMBERED = {"23": "X", "24": "Y", "M": "MT", "25": "MT"}


def canonical(name: str) -> str:
    """One name for a contig: no `chr`, X and Y for 23 and 24, MT for M; RefSeq accessions are translated.

    Names that are no human chromosome come back without `chr` and otherwise as they are.
    """
    short = name[3:] if name[:3].lower() == "chr" else name
    refseq = _REFSEQ.match(short)
    if refseq:
        short = str(int(refseq.group(1)))
    upper = short.upper()
    return _NUMBERED.get(upper, upper if upper in {"X", "Y", "MT"} else short)


def canonical_names(names: Iterable[str]) -> list[str]:
    """`canonical` of many names, each distinct one translated once."""
    names = list(names)
    known = {name: canonical(name) for name in set(names)}
    return [known[name] for name in names]


def builds_that_fit(chrom: Iterable[str], end: Iterable[int]) -> set[str]:
    """Builds in which no position lies beyond its chromosome's end; `chrom` in any naming.

    Positions that all lie well inside fit both builds; unknown contigs say nothing.
    """
    furthest: dict[str, int] = {}
    for name, position in zip(canonical_names(chrom), end, strict=True):
        furthest[name] = max(furthest.get(name, 0), int(position))
    return {
        build
        for build, lengths in LENGTHS.items()
        if all(position <= lengths.get(name, position) for name, position in furthest.items())
    }


def beyond_end(chrom: Iterable[str], end: Iterable[int], build: str) -> list[tuple[str, int, int]]:
    """(chromosome, furthest position, length) of each chromosome with positions beyond its end in `build`."""
    lengths = LENGTHS[build]
    furthest: dict[str, int] = {}
    for name, position in zip(canonical_names(chrom), end, strict=True):
        if position > lengths.get(name, position):
            furthest[name] = max(furthest.get(name, 0), int(position))
    return [(name, position, lengths[name]) for name, position in furthest.items()]


def normal_copies(
    chrom: Sequence[str], pos: np.ndarray, sex: str | None, build: str | None = None
) -> np.ndarray:
    """Copies of each site in a normal cell, (n,) int64: C₀ of the read model.

    2 on autosomes; X: 2 in females, 1 in males; Y: 1 in males, 0 in females; the pseudoautosomal regions
    have 2 in both. 0 marks contigs without a copy number (Y in females, MT). `sex` is `female`, `male` or
    None, `build` is GRCh37 (also where None) or GRCh38.

    Raises
    ------
    UserError
        there are sites on X or Y outside the pseudoautosomal regions and `sex` is None.

    """
    of = canonical_names(chrom)
    copies = np.full(len(of), 2, dtype=np.int64)
    if not {"X", "Y", "MT"} & set(of):
        return copies
    names, pos = np.asarray(of, dtype=object), np.asarray(pos)
    copies[names == "MT"] = 0
    for name in ("X", "Y"):
        on = np.flatnonzero(names == name)
        shared = np.zeros(len(on), dtype=bool)
        for start, end in PSEUDOAUTOSOMAL[build or "GRCh37"][name]:
            shared |= (pos[on] >= start) & (pos[on] <= end)
        on = on[~shared]
        if len(on) and sex is None:
            raise UserError(
                f"{len(on)} mutations lie on chromosome {name}, whose normal copy number depends on sex: "
                "give the patient's `sex` (female or male) in the sample sheet"
            )
        copies[on] = {("X", "female"): 2, ("Y", "female"): 0}.get((name, sex or ""), 1)
    return copies
