"""What a simulated tumour is made of: sizes, rates, and, where wanted, its exact tree, drivers and events.

Everything not given is drawn at random from the patient's own random streams.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from truncal.errors import Faults

Build = Literal["GRCh37", "GRCh38"]
Caller = Literal["mutect2", "strelka2"]
CopyNumberStyle = Literal["ascat", "battenberg", "purple"]


@dataclass(frozen=True)
class Driver:
    """A small variant of the resistance table to plant.

    resistance_id: row of the table (`RD0024`). clone: where it arises, 1..K. time: when on that clone's edge,
    0 (start) to 1 (end). haplotype: parental allele 0 or 1, None for either. partner: the `resistance_id` of
    an earlier driver of the same gene that it is to lie in `phase` with.
    """

    resistance_id: str
    clone: int
    time: float = 0.5
    haplotype: int | None = None
    partner: str | None = None
    phase: Literal["cis", "trans"] = "cis"


@dataclass(frozen=True)
class CopyNumberEvent:
    """A copy-number event on a clone's edge.

    kind: `gain` (one more copy), `loss` (one fewer), `cnloh` (lost and replaced by a copy of the other
    allele), `homdel` (all copies lost), `amplification` (`copies` more) or `wgd` (every copy doubled).
    target: `genome`, a chromosome (`7`), an arm (`17p`) or a gene of the resistance table (`MET`), which gets
    a focal segment. haplotype: the allele that is gained or lost.
    """

    clone: int
    kind: Literal["gain", "loss", "cnloh", "homdel", "amplification", "wgd"]
    target: str
    haplotype: int = 0
    time: float = 0.5
    copies: int = 1


@dataclass(frozen=True)
class Region:
    """One tumour sample: its name, where and when it was taken."""

    name: str
    site: str | None = None
    timepoint: int | None = None
    day: int | None = None
    kind: Literal["tissue", "plasma"] = "tissue"


@dataclass(frozen=True)
class SimulationParameters:
    """A patient's tumour; see `docs/simulator.md` for how each value acts.

    Shapes of what may be given explicitly: parents (K,), 0 for the normal root; proportions (K, S) of clones
    among the cancer cells; purities (S,).
    """

    patient: str = "SIM1"
    # tree and regions
    clones: int = 6
    regions: int = 4
    mutations: int = 200
    linear: float = 0.4
    roots: int = 1
    alpha: float = 1.0
    spread: float = 0.6
    trunk_share: float = 0.35
    min_mutations: int = 4
    purity: tuple[float, float] = (0.35, 0.85)
    parents: tuple[int, ...] | None = None
    proportions: tuple[tuple[float, ...], ...] | None = None
    purities: tuple[float, ...] | None = None
    samples: tuple[Region, ...] | None = None
    serial: bool = False
    mutation_shares: tuple[float, ...] | None = None
    # genome and copy number
    build: Build = "GRCh38"
    sex: Literal["female", "male"] = "female"
    diploid: bool = False
    wgd: float = 0.3
    trunk_events: float = 8.0
    branch_events: float = 1.5
    mirrored: int = 1
    events: tuple[CopyNumberEvent, ...] = ()
    # drivers
    drivers: tuple[Driver, ...] = ()
    random_drivers: int = 0
    random_gene_events: int = 0
    # reads and calls
    depth: float = 200.0
    depth_spread: float = 0.25
    overdispersion: float = 0.002
    error_rate: float = 0.001
    min_alt: int = 4
    min_vaf: float = 0.02
    dropout: float = 0.02
    complete: bool = False
    reads: bool = False
    read_length: int = 100
    # what is not a mutation of the tumour
    artefacts: float = 0.03
    germline: int = 0
    filtered: int = 0
    indels: float = 0.05
    # what the copy-number caller makes of it
    purity_error: float = 0.01
    copy_number_style: CopyNumberStyle = "ascat"
    copy_number_noise: float = 0.03
    treatments: tuple[tuple[str, int, int | None], ...] = field(default=())

    @property
    def sample_names(self) -> tuple[str, ...]:
        """Names of the samples, (S,)."""
        if self.samples is not None:
            return tuple(region.name for region in self.samples)
        letter = "T" if self.serial else "R"
        return tuple(f"{self.patient}_{letter}{number}" for number in range(1, self.regions + 1))


_SHARES = (
    "linear",
    "spread",
    "trunk_share",
    "wgd",
    "dropout",
    "artefacts",
    "indels",
    "min_vaf",
    "error_rate",
)


def check(parameters: SimulationParameters) -> None:
    """Raise `UserError` with everything that is out of range or does not fit together."""
    p = parameters
    faults = Faults()
    for name in _SHARES:
        if not 0 <= getattr(p, name) <= 1:
            faults.add(f"{name}: {getattr(p, name)} is not between 0 and 1")
    for name in ("clones", "regions", "mutations", "roots"):
        if getattr(p, name) < 1:
            faults.add(f"{name}: {getattr(p, name)} is not at least 1")
    if not 0 < p.purity[0] <= p.purity[1] <= 1:
        faults.add(f"purity: {p.purity[0]} to {p.purity[1]} is not a range within 0 (excluded) and 1")
    if not p.depth > 0 or not p.alpha > 0:
        faults.add("depth and alpha must be above 0")
    if not 0 <= p.overdispersion < 1:
        faults.add(f"overdispersion: {p.overdispersion} is not at least 0 and below 1")
    if p.roots > p.clones:
        faults.add(f"roots: {p.roots} is more than the {p.clones} clones")
    if p.mutations < p.clones:
        faults.add(f"mutations: {p.mutations} is fewer than the {p.clones} clones")
    if p.diploid and (p.events or p.random_gene_events):
        faults.add("diploid: a diploid tumour has no copy-number events, but some are given")
    _check_shapes(p, faults)
    for driver in p.drivers:
        if not 1 <= driver.clone <= p.clones:
            faults.add(f"driver {driver.resistance_id}: clone {driver.clone} is not one of 1 to {p.clones}")
    for event in p.events:
        if not 1 <= event.clone <= p.clones:
            faults.add(f"event {event.kind} of {event.target}: no clone {event.clone}")
    faults.raise_if_any()


def _check_shapes(p: SimulationParameters, faults: Faults) -> None:
    if p.parents is not None:
        if len(p.parents) != p.clones:
            faults.add(f"parents: {len(p.parents)} given, expected one for each of the {p.clones} clones")
        elif any(not 0 <= parent < number for number, parent in enumerate(p.parents, start=1)):
            faults.add("parents: every clone's parent must have a smaller number (0 is the normal root)")
    if p.proportions is not None and (
        len(p.proportions) != p.clones or any(len(row) != p.regions for row in p.proportions)
    ):
        faults.add(f"proportions: expected {p.clones} rows (clones) of {p.regions} values (regions)")
    for name in ("purities", "samples"):
        given = getattr(p, name)
        if given is not None and len(given) != p.regions:
            faults.add(f"{name}: {len(given)} given, expected one for each of the {p.regions} regions")
    if p.mutation_shares is not None and len(p.mutation_shares) != p.clones:
        faults.add(f"mutation_shares: expected one for each of the {p.clones} clones")
