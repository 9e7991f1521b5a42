"""One patient's tumour with its truth: `simulate_tumour(SimulationParameters(...), seed)`.

Each topic (tree, proportions, copy number, mutations, reads ...) has its own random stream derived from the
seed, so that, say, another depth leaves tree and copy number as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from truncal.simulate.fragments import Fragments, fragment_counts, simulate_fragments
from truncal.simulate.genome import CHROMOSOMES, Genome, is_place, make_genome
from truncal.simulate.history import History, make_history, random_gene_events
from truncal.simulate.multiplicity import Copies, place
from truncal.simulate.mutations import ARTEFACT, GERMLINE, SOMATIC, Mutations, make_mutations
from truncal.simulate.parameters import Region, SimulationParameters, check
from truncal.simulate.reads import call, draw_alt, draw_depth, with_errors
from truncal.simulate.tree import (
    ancestor_matrix,
    first_samples,
    mutation_counts,
    random_parents,
    random_proportions,
)

_STREAMS = (
    "tree",
    "proportions",
    "genome",
    "history",
    "mutations",
    "copies",
    "artefacts",
    "depth",
    "reads",
    "files",
    "genes",
)
_DRUGS = ("gefitinib", "osimertinib")
_BETWEEN = 300  # days between serial samples
_BREAKS = 1.0  # segment borders on 100 Mb


@dataclass(frozen=True)
class Tumour:
    """A simulated tumour. K clones, S samples, G segments, M mutations.

    parents: (K,), 0 for the normal root. ancestors: (K, K) bool, [a, d] where a is d or above it.
    proportions: (K, S) of clones among the cancer cells. phi: (K, S) fraction of cancer cells that descend
    from each clone. purity, purity_reported, ploidy: (S,). dcf, ccf, mean_copies (mutated copies per cancer
    cell), vaf (before errors), depth, alt: (M, S). called: (M, S) bool. normal_depth, normal_alt: (M,).
    """

    parameters: SimulationParameters
    seed: int
    parents: np.ndarray
    ancestors: np.ndarray
    proportions: np.ndarray
    phi: np.ndarray
    genome: Genome
    history: History
    mutations: Mutations
    copies: Copies
    purity: np.ndarray
    purity_reported: np.ndarray
    ploidy: np.ndarray
    dcf: np.ndarray
    ccf: np.ndarray
    mean_copies: np.ndarray
    vaf: np.ndarray
    depth: np.ndarray
    alt: np.ndarray
    called: np.ndarray
    normal_depth: np.ndarray
    normal_alt: np.ndarray
    fragments: tuple[Fragments, ...]

    @property
    def clonal(self) -> np.ndarray:
        """(M,) bool: in at least 95 % of the cancer cells of every sample today."""
        return (self.mutations.kind == SOMATIC) & (self.ccf >= 0.95).all(axis=1)

    @property
    def truncal(self) -> np.ndarray:
        """(M,) bool: arose on the path to the most recent common ancestor of all sampled cancer cells."""
        return (self.mutations.kind == SOMATIC) & (self.dcf >= 1 - 1e-9).all(axis=1)

    @property
    def multiplicity(self) -> np.ndarray:
        """(M, S) mean mutated copies of the cells that carry the mutation; NaN where none does."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.ccf > 0, self.mean_copies / self.ccf, np.nan)

    @property
    def mean_haplotypes(self) -> np.ndarray:
        """(2, G, S) mean copies of each parental allele per cancer cell."""
        return np.einsum("hkg,ks->hgs", self.history.copies, self.proportions)

    @property
    def wgd(self) -> np.ndarray:
        """(S,) bool: most cancer cells of the sample descend from a genome doubling."""
        doubled = [event.clone - 1 for event in self.history.events if event.kind == "wgd"]
        share = np.any(self.ancestors[doubled], axis=0).astype(float) @ self.proportions
        return share > 0.5

    def mutation_ids(self) -> list[str]:
        """`chrom:pos:ref:alt` with the contig names of the build."""
        prefix = contig_prefix(self.genome.build)
        m = self.mutations
        return [
            f"{prefix}{CHROMOSOMES[chrom]}:{pos}:{ref}:{alt}"
            for chrom, pos, ref, alt in zip(m.chrom.tolist(), m.pos.tolist(), m.ref, m.alt, strict=True)
        ]

    def stream(self, name: str) -> np.random.Generator:
        """Random stream of a topic, e.g. for writing files."""
        return stream(self.seed, name)

    def sample_stream(self, sample: int) -> np.random.Generator:
        """Random stream for one sample's files."""
        return np.random.default_rng(np.random.SeedSequence(entropy=self.seed, spawn_key=(2000, sample)))


def contig_prefix(build: str) -> str:
    """`chr` for GRCh38, nothing for GRCh37, as the usual reference files have it."""
    return "chr" if build == "GRCh38" else ""


def stream(seed: int, name: str) -> np.random.Generator:
    """Random stream of one topic."""
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(_STREAMS.index(name),)))


def patient_seed(seed: int, number: int) -> int:
    """Seed of the cohort's patient `number`; independent of how many patients there are."""
    return int(np.random.SeedSequence(entropy=seed, spawn_key=(1000, number)).generate_state(1, np.uint64)[0])


def simulate_tumour(parameters: SimulationParameters, seed: int) -> Tumour:
    """Simulate one patient; the same parameters and seed give the same tumour.

    Raises
    ------
    UserError
        parameters are out of range or do not fit together, or a driver cannot be placed as asked.

    """
    check(parameters)
    p = _completed(parameters, seed)
    parents = (
        np.asarray(p.parents, dtype=np.int64)
        if p.parents is not None
        else random_parents(p.clones, p.roots, p.linear, stream(seed, "tree"))
    )
    ancestors = ancestor_matrix(parents)
    rng = stream(seed, "proportions")
    first = first_samples(parents, p.regions, rng) if p.serial else None
    drawn = random_proportions(p.clones, p.regions, p.alpha, p.spread, rng, first)
    proportions = drawn if p.proportions is None else np.asarray(p.proportions, dtype=float)
    proportions = proportions / proportions.sum(axis=0)
    purity = rng.uniform(*p.purity, p.regions) if p.purities is None else np.asarray(p.purities, dtype=float)
    noisy = purity + p.purity_error * rng.standard_normal(p.regions)
    reported = np.clip(np.round(noisy, 2), 0.01, 1.0)
    genome_rng = stream(seed, "genome")
    focal = [event.target for event in p.events if not is_place(event.target)]
    genome = make_genome(p.build, list(dict.fromkeys(focal)), _BREAKS, genome_rng)
    history = make_history(p, parents, ancestors, genome, stream(seed, "history"))
    rng = stream(seed, "mutations")
    counts = mutation_counts(p.mutations, parents, p.trunk_share, p.min_mutations, p.mutation_shares, rng)
    mutations = make_mutations(p, counts, history, genome, rng)
    copies = place(
        parents,
        history,
        mutations.cluster,
        mutations.segment,
        mutations.time,
        mutations.placement,
        list(mutations.drivers),
        stream(seed, "copies"),
    )
    phi = ancestors.astype(float) @ proportions
    phi = np.where(phi > 1 - 1e-12, 1.0, phi)
    somatic = mutations.kind == SOMATIC
    dcf = np.where(somatic[:, None], phi[np.maximum(mutations.cluster - 1, 0)], np.nan)
    carried = (copies.mutated > 0).astype(float).T @ proportions
    ccf = np.where(somatic[:, None], np.minimum(carried, 1.0), np.nan)
    mean_copies = copies.mutated.astype(float).T @ proportions
    total = np.einsum("hkg,ks->gs", history.copies, proportions)
    per_cell = purity * total + (1 - purity) * history.normal[:, None]  # (G, S) copies per cell
    weight = (genome.end - genome.start + 1).astype(float)
    ploidy = (weight[:, None] * total).sum(axis=0) / weight.sum()
    mean_per_cell = (weight[:, None] * per_cell).sum(axis=0) / weight.sum()
    site_copies = per_cell[mutations.segment]
    with np.errstate(invalid="ignore", divide="ignore"):
        vaf = np.where(site_copies > 0, purity * mean_copies / site_copies, 0.0)
    vaf = _other_frequencies(vaf, mutations, purity, history, stream(seed, "artefacts"), proportions)
    rng = stream(seed, "depth")
    depth = draw_depth(p, site_copies / mean_per_cell, rng)
    normal_depth = rng.poisson(p.depth * 0.7, len(mutations.kind))
    rng = stream(seed, "reads")
    alt = draw_alt(depth, with_errors(vaf, p.error_rate), p.overdispersion, rng)
    germline = mutations.kind == GERMLINE
    normal_alt = rng.binomial(normal_depth, with_errors(np.where(germline, 0.5, 0.0), p.error_rate))
    fragments: tuple[Fragments, ...] = ()
    if p.reads:
        fragments = simulate_fragments(
            p, mutations, copies, history, genome, proportions, purity, per_cell / mean_per_cell, rng
        )
        fragment_counts(fragments, depth, alt)
    called = call(p, alt, depth, rng)
    return Tumour(
        p,
        seed,
        parents,
        ancestors,
        proportions,
        phi,
        genome,
        history,
        mutations,
        copies,
        purity,
        reported,
        ploidy,
        dcf,
        ccf,
        mean_copies,
        vaf,
        depth,
        alt,
        called,
        normal_depth,
        normal_alt,
        fragments,
    )


def _completed(p: SimulationParameters, seed: int) -> SimulationParameters:
    """Parameters with what is drawn or follows: genes' events, and days and treatments of serial samples."""
    if p.random_gene_events:
        p = replace(
            p, events=p.events + random_gene_events(p.random_gene_events, p.clones, stream(seed, "genes"))
        )
    if p.serial and p.samples is None:
        days = [_BETWEEN * number for number in range(p.regions)]
        samples = tuple(
            Region(name, timepoint=number, day=day)
            for number, (name, day) in enumerate(zip(p.sample_names, days, strict=True), start=1)
        )
        lines = zip(_DRUGS, days, strict=False)
        treatments = tuple(
            (drug, day + 14, day + _BETWEEN - 7) for drug, day in lines if day + _BETWEEN <= days[-1]
        )
        p = replace(p, samples=samples, treatments=p.treatments or treatments)
    return p


def _other_frequencies(
    vaf: np.ndarray,
    mutations: Mutations,
    purity: np.ndarray,
    history: History,
    rng: np.random.Generator,
    proportions: np.ndarray,
) -> np.ndarray:
    """Allele frequencies of artefacts (a random profile over some samples) and of germline variants."""
    vaf = vaf.copy()
    regions = vaf.shape[1]
    artefact = np.flatnonzero(mutations.kind == ARTEFACT)
    shown = rng.random((len(artefact), regions)) < 0.5
    shown[np.arange(len(artefact)), rng.integers(0, regions, len(artefact))] = True
    vaf[artefact] = np.where(shown, rng.beta(2, 8, (len(artefact), regions)), 0.0)
    germline = np.flatnonzero(mutations.kind == GERMLINE)
    haplotype = rng.integers(0, 2, len(germline))
    where = mutations.segment[germline]
    carried = np.einsum("kgh,ks->ghs", history.copies[:, :, where].transpose(1, 2, 0), proportions)
    mine = carried[np.arange(len(germline)), haplotype]
    total = carried.sum(axis=1)
    normal = history.normal[where][:, None]
    half = np.where(normal == 2, 1.0, (haplotype == 0)[:, None].astype(float))
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = (purity * mine + (1 - purity) * half) / (purity * total + (1 - purity) * normal)
    vaf[germline] = np.nan_to_num(shares)
    return vaf
