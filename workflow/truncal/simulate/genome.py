"""The simulated genome: segments, a made-up reference sequence, and positions for background mutations.

Only the bases that the resistance table states are real. Every other base is drawn from a hash of its place,
so any two parts of the simulator agree on it without a genome file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from truncal.copynumber.genome import LENGTHS
from truncal.simulate.alleles import alleles, loci, locus

CHROMOSOMES = (*(str(number) for number in range(1, 23)), "X")
BASES = np.array(list("ACGT"))

# Centromeres in Mb, good to about 1 Mb in both builds; 0 where the p arm has no exome (acrocentric).
_CENTROMERES = dict(
    zip(
        CHROMOSOMES,
        (
            *(123.5, 93, 92, 51, 48.5, 60, 60, 45, 44, 40.5, 53, 36, 0, 0, 0, 37),
            *(25, 18.5, 26, 28, 0, 0, 60.5),
        ),
        strict=True,
    )
)
_EDGE = 2.0  # Mb at the chromosome ends and beside the centromere without mutations
_APART = 10  # bases at least between background mutations
_FOCAL = 1.5  # Mb that a focal event reaches beyond its gene


@dataclass(frozen=True)
class Genome:
    """Segments of constant history, sorted; arrays have shape (G,).

    chrom: index into `CHROMOSOMES`; start, end: 1-based, inclusive; q_arm: on the long arm; gene: the gene
    that a focal segment was made for, or "".
    """

    build: str
    chrom: np.ndarray
    start: np.ndarray
    end: np.ndarray
    q_arm: np.ndarray
    gene: tuple[str, ...]

    def at(self, chrom: str, pos: int) -> int:
        """Index of the segment that holds a position."""
        index = CHROMOSOMES.index(chrom)
        hit = np.flatnonzero((self.chrom == index) & (self.start <= pos) & (pos <= self.end))
        return int(hit[0])

    def targets(self, name: str) -> np.ndarray:
        """Segments of `genome`, a chromosome (`7`), an arm (`17p`) or a focal gene."""
        if name == "genome":
            return np.arange(len(self.chrom))
        if name in self.gene:
            return np.array([self.gene.index(name)])
        arm = name[-1] if name[-1] in "pq" else ""
        on = self.chrom == CHROMOSOMES.index(name.removesuffix(arm))
        if arm:
            on &= self.q_arm == (arm == "q")
        return np.flatnonzero(on)

    def known_target(self, name: str) -> bool:
        """Whether `targets` knows the name."""
        return is_place(name) or name in self.gene


def is_place(name: str) -> bool:
    """Whether a target is `genome`, a chromosome or an arm, rather than a gene."""
    return name == "genome" or (name[:-1] if name[-1:] in ("p", "q") else name) in CHROMOSOMES


def make_genome(build: str, focal_genes: list[str], breaks: float, rng: np.random.Generator) -> Genome:
    """Cut every arm at random (`breaks` cuts on average on one of 100 Mb) and around each focal gene.

    The cuts are the same in both builds for the same random stream, but for the focal genes' own.
    """
    focal = {}
    for gene in focal_genes:
        place = locus(gene, build)
        margin = int(_FOCAL * 1e6)
        focal[gene] = (place.chrom, max(place.start - margin, 1), place.end + margin)
    rows = []
    for index, name in enumerate(CHROMOSOMES):
        length = LENGTHS[build][name]
        shorter = min(LENGTHS["GRCh37"][name], LENGTHS["GRCh38"][name])
        centre = int(_CENTROMERES[name] * 1e6)
        for low, high, is_q in ((1, centre, False), (centre + 1, length, True)):
            if high <= low:
                continue
            span = min(high, shorter) - low
            cuts = low + (rng.random(rng.poisson(breaks * span / 1e8)) * span).astype(np.int64)
            edges = {low, high + 1, *cuts.tolist()}
            for chrom, start, end in focal.values():
                if chrom == name and low <= start and end <= high:
                    edges = {edge for edge in edges if not start < edge <= end} | {start, end + 1}
            ordered = sorted(edges)
            rows += [(index, left, right - 1, is_q) for left, right in pairwise(ordered)]
    chroms, starts, ends, q_arm = (np.array(column) for column in zip(*rows, strict=True))
    names = [""] * len(rows)
    for gene, (where, left, right) in focal.items():
        hit = np.flatnonzero((chroms == CHROMOSOMES.index(where)) & (starts == left) & (ends == right))
        if len(hit):
            names[int(hit[0])] = gene
    return Genome(build, chroms, starts, ends, q_arm.astype(bool), tuple(names))


def reference_codes(chrom: np.ndarray, pos: np.ndarray) -> np.ndarray:
    """Made-up reference bases (0..3 for A, C, G, T) at chromosome indices and positions of one shape."""
    x = (np.asarray(chrom, dtype=np.uint64) << np.uint64(32)) + np.asarray(pos, dtype=np.uint64)
    with np.errstate(over="ignore"):  # SplitMix64's finaliser (Steele et al. 2014)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return (x & np.uint64(3)).astype(np.int64)


@lru_cache(maxsize=2)
def _stated_bases(build: str) -> dict[tuple[str, int], str]:
    """Reference bases that the resistance table states."""
    return {
        (found.chrom, found.pos + offset): base
        for found in alleles(build).values()
        for offset, base in enumerate(found.ref)
    }


def reference(build: str, chrom: str, start: int, end: int) -> str:
    """Reference sequence of start..end (1-based, inclusive): the table's bases, made up elsewhere."""
    where = np.arange(start, end + 1)
    codes = reference_codes(np.full(len(where), CHROMOSOMES.index(chrom)), where)
    bases = BASES[codes].tolist()
    stated = _stated_bases(build)
    return "".join(stated.get((chrom, start + offset), base) for offset, base in enumerate(bases))


@lru_cache(maxsize=2)
def _reserved(build: str) -> tuple[np.ndarray, np.ndarray]:
    """Sorted keys of the stretches around listed genes and alleles, where no background mutation may fall."""
    margin = 20_000
    spans = [(place.chrom, place.start - margin, place.end + margin) for place in loci(build).values()]
    spans += [(found.chrom, found.pos - margin, found.pos + margin) for found in alleles(build).values()]
    keys = sorted(
        ((CHROMOSOMES.index(chrom) << 32) + max(low, 0), (CHROMOSOMES.index(chrom) << 32) + high)
        for chrom, low, high in spans
        if chrom in CHROMOSOMES
    )
    starts: list[int] = []
    ends: list[int] = []
    for low, high in keys:  # merged, so that one search tells inside from outside
        if ends and low <= ends[-1]:
            ends[-1] = max(ends[-1], high)
        else:
            starts.append(low)
            ends.append(high)
    return np.array(starts), np.array(ends)


def background_positions(genome: Genome, segment: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Distinct random positions (n,) in the given segments, clear of chromosome ends and of listed genes."""
    starts, ends = _reserved(genome.build)
    chrom = genome.chrom[segment]
    length = np.array([LENGTHS[genome.build][name] for name in CHROMOSOMES])[chrom]
    low = np.maximum(genome.start[segment], int(_EDGE * 1e6))
    high = np.minimum(genome.end[segment], length - int(_EDGE * 1e6))
    narrow = high - low < 1000  # a segment at an end: use all of it
    low = np.where(narrow, genome.start[segment], low)
    high = np.where(narrow, genome.end[segment], high)
    pos = np.zeros(len(segment), dtype=np.int64)
    todo = np.arange(len(segment))
    for attempt in range(1000):
        pos[todo] = rng.integers(low[todo], high[todo], endpoint=True)
        keys = (chrom.astype(np.int64) << 32) + pos
        index = np.searchsorted(starts, keys, side="right") - 1
        inside = (index >= 0) & (keys <= ends[index])
        if attempt > 50:  # a focal segment that its gene fills
            inside[:] = False
        # neighbours would be joined into one multi-nucleotide variant: keep them apart
        order = np.argsort(keys, kind="stable")
        close = np.diff(keys[order]) < _APART
        inside[order[1:][close]] = True
        todo = np.flatnonzero(inside)
        if not len(todo):
            break
    return pos
