"""Sequenced fragments over driver codons, each from one copy of one haplotype: they show cis and trans.

Neighbouring drivers share a window. A fragment is drawn from the copies that the sample's cells hold there,
with the alleles that this copy carries, and read from both ends. The counts of the drivers are those of
the fragments, so VCF and BAM agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from truncal.simulate.alleles import Allele, alleles
from truncal.simulate.genome import CHROMOSOMES, Genome, reference
from truncal.simulate.history import History
from truncal.simulate.multiplicity import Copies
from truncal.simulate.mutations import Mutations
from truncal.simulate.parameters import SimulationParameters
from truncal.simulate.reads import overdispersed

KEY_ALLELES = ("RD0001", "RD0012", "RD0024", "RD0156", "RD0223", "RD0227", "RD0092")
"""Always covered: EGFR L858, exon 19, T790 with C797; KRAS G12; PIK3CA E545, H1047; MET D1228."""

REF, ALT, OTHER, UNSEEN = 0, 1, 2, -1
_NEAR = 110  # drivers closer than this share a window
_INSERT, _INSERT_SD = 165.0, 25.0
_FLANK = 260  # bases of haplotype on both sides of a window's sites


@dataclass(frozen=True)
class Haplotype:
    """One combination of alleles in a window.

    sequence: its bases. place: (len,) 1-based reference position of each base, −1 where inserted. sites: for
    each driver, first and last base that a read must hold to show its allele.
    """

    sequence: str
    place: np.ndarray
    sites: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Fragments:
    """Fragments of one window in every sample.

    mutations: indices of its drivers. carried: (H, drivers) bool, alleles of each haplotype. For each sample:
    haplotype (N,) index, start (N,) in the haplotype's bases, insert (N,) length, shown (N, drivers) the
    allele that the fragment shows (REF, ALT, OTHER, UNSEEN).
    """

    chrom: str
    mutations: tuple[int, ...]
    alleles: tuple[Allele, ...]
    carried: np.ndarray
    haplotypes: tuple[Haplotype, ...]
    haplotype: tuple[np.ndarray, ...]
    start: tuple[np.ndarray, ...]
    insert: tuple[np.ndarray, ...]
    shown: tuple[np.ndarray, ...]


def simulate_fragments(
    parameters: SimulationParameters,
    mutations: Mutations,
    copies: Copies,
    history: History,
    genome: Genome,
    proportions: np.ndarray,
    purity: np.ndarray,
    relative: np.ndarray,
    rng: np.random.Generator,
) -> tuple[Fragments, ...]:
    """Draw the fragments of every window; relative: (G, S) depth relative to the sample's mean."""
    windows = []
    for segment, members, sites in _windows(mutations, genome):
        carried, weight = _weights(segment, members, copies, history, proportions, purity)
        haplotypes = tuple(_haplotype(genome.build, sites, flags[: len(members)]) for flags in carried)
        capture = float(np.exp(parameters.depth_spread * rng.standard_normal()))
        drawn = []
        for sample in range(proportions.shape[1]):
            depth = parameters.depth * float(relative[segment, sample]) * capture
            drawn.append(_draw(parameters, haplotypes, carried, weight[:, sample], depth, rng))
        columns = tuple(zip(*drawn, strict=True))
        windows.append(
            Fragments(
                sites[0].chrom,
                tuple(members),
                tuple(sites),
                carried,
                haplotypes,
                columns[0],
                columns[1],
                columns[2],
                columns[3],
            )
        )
    return tuple(windows)


def fragment_counts(fragments: tuple[Fragments, ...], depth: np.ndarray, alt: np.ndarray) -> None:
    """Put the fragments' counts of reference and alternative alleles into depth and alt (M, S), in place."""
    for window in fragments:
        for column, mutation in enumerate(window.mutations):
            for sample, shown in enumerate(window.shown):
                alt[mutation, sample] = int((shown[:, column] == ALT).sum())
                depth[mutation, sample] = alt[mutation, sample] + int((shown[:, column] == REF).sum())


def _windows(mutations: Mutations, genome: Genome) -> list[tuple[int, list[int], list[Allele]]]:
    """(segment, drivers' indices, their alleles and further key sites) of each window."""
    planted = [(found, index) for index, found in mutations.drivers.items()]
    taken = {found.resistance_id for found, _ in planted}
    table = alleles(genome.build)
    planted += [(table[name], -1) for name in KEY_ALLELES if name in table and name not in taken]
    planted.sort(key=lambda pair: (CHROMOSOMES.index(pair[0].chrom), pair[0].pos))
    groups: list[list[tuple[Allele, int]]] = []
    for found, index in planted:
        last = groups[-1][-1][0] if groups else None
        near = last is not None and last.chrom == found.chrom and found.pos - last.pos <= _NEAR
        if near and genome.at(found.chrom, found.pos) == genome.at(last.chrom, last.pos):  # type: ignore[union-attr]
            groups[-1].append((found, index))
        else:
            groups.append([(found, index)])
    out = []
    for group in groups:
        real = [(found, index) for found, index in group if index >= 0]
        sites = [found for found, _ in real] or [group[0][0]]
        out.append((genome.at(sites[0].chrom, sites[0].pos), [index for _, index in real], sites))
    return out


def _weights(
    segment: int,
    members: list[int],
    copies: Copies,
    history: History,
    proportions: np.ndarray,
    purity: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Haplotypes (H, drivers) bool and copies per cell of each by sample (H, S); row 0 carries nothing."""
    weights: dict[tuple[bool, ...], np.ndarray] = {
        (False,) * len(members): (1 - purity) * float(history.normal[segment])
    }
    rows = np.searchsorted(copies.tracked[segment], members) if members else np.array([], dtype=np.int64)
    for clone in range(len(proportions)):
        share = proportions[clone] * purity
        count = len(history.haplotypes[clone][segment])
        for copy in range(count):
            flags: tuple[bool, ...] = ()
            if members:
                flags = tuple(copies.carriers[clone, segment][rows, copy].tolist())
            weights[flags] = weights.get(flags, 0.0) + share
    carried = np.array(list(weights), dtype=bool).reshape(len(weights), len(members))
    return carried, np.array(list(weights.values()))


def _haplotype(build: str, sites: list[Allele], flags: np.ndarray) -> Haplotype:
    """Sequence of a window on a copy that carries the flagged alleles."""
    first = sites[0].pos - _FLANK
    last = max(site.pos + len(site.ref) for site in sites) + _FLANK
    bases = reference(build, sites[0].chrom, first, last)
    sequence: list[str] = []
    place: list[int] = []
    spans = []
    at = first
    for index, site in enumerate(sites):
        while at < site.pos:
            sequence.append(bases[at - first])
            place.append(at)
            at += 1
        carried = index < len(flags) and bool(flags[index])
        allele = site.alt if carried else site.ref
        indel = len(site.ref) != len(site.alt)
        # an indel shows only in a read that holds the base after it too
        spans.append((len(sequence), len(sequence) + len(allele) - 1 + indel))
        for offset, base in enumerate(allele):
            sequence.append(base)
            place.append(site.pos + offset if offset < len(site.ref) else -1)
        at = site.pos + len(site.ref)
    for position in range(at, last + 1):
        sequence.append(bases[position - first])
        place.append(position)
    return Haplotype("".join(sequence), np.array(place), tuple(spans))


def _draw(
    parameters: SimulationParameters,
    haplotypes: tuple[Haplotype, ...],
    carried: np.ndarray,
    weight: np.ndarray,
    depth: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Fragments of one sample: haplotype, start, insert and the alleles they show; sorted by start."""
    read = parameters.read_length
    share = weight / weight.sum() if weight.sum() > 0 else np.full(len(weight), 1 / len(weight))
    noisy = overdispersed(share, parameters.overdispersion, rng)
    noisy = noisy / noisy.sum()
    widest = max(len(item.sequence) for item in haplotypes)
    low, high = _FLANK - 2 * read, widest - _FLANK
    number = int(rng.poisson(depth * (high - low) / _INSERT)) if weight.sum() > 0 else 0
    which = rng.choice(len(share), size=number, p=noisy)
    start = rng.integers(low, high, number)
    insert = np.clip(rng.normal(_INSERT, _INSERT_SD, number), read + 5, 2 * read - 5).astype(np.int64)
    shown = np.full((number, carried.shape[1]), UNSEEN, dtype=np.int8)
    touches = np.zeros(number, dtype=bool)
    for index, item in enumerate(haplotypes):
        mine = which == index
        for site, (first, last) in enumerate(item.sites):
            forward = (start <= first) & (last < start + read)
            reverse = (start + insert - read <= first) & (last < start + insert)
            seen = mine & (forward | reverse)
            touches |= seen
            if site < carried.shape[1]:
                shown[seen, site] = ALT if carried[index, site] else REF
    _misread(shown, parameters.error_rate, haplotypes, rng)
    order = np.flatnonzero(touches)
    order = order[np.argsort(start[order], kind="stable")]
    return which[order], start[order], insert[order], shown[order]


def _misread(
    shown: np.ndarray, error_rate: float, haplotypes: tuple[Haplotype, ...], rng: np.random.Generator
) -> None:
    """Sequencing errors at single-base sites, in place: the allele turns into one of three other bases."""
    for site in range(shown.shape[1]):
        if any(item.sites[site][0] != item.sites[site][1] for item in haplotypes):
            continue
        wrong = (rng.random(len(shown)) < error_rate) & (shown[:, site] != UNSEEN)
        was = shown[wrong, site]
        shown[wrong, site] = np.where(rng.random(len(was)) < 1 / 3, 1 - was, OTHER)
