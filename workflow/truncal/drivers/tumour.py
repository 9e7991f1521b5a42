"""Everything the drivers step reads of one patient, as typed arrays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from truncal.ccf.observations import Observations, Sites, read_observations
from truncal.drivers.alleles import make_allele
from truncal.drivers.rules import Variant
from truncal.drivers.trees import Clones, read_clones
from truncal.errors import Faults
from truncal.provenance import read_step
from truncal.tables import Table, read_table

ANNOTATION = (
    "chrom",
    "pos",
    "ref",
    "alt",
    "gene",
    "hgvsp",
    "hgvsc",
    "transcript",
    "normal_alt",
    "normal_depth",
)
CCF_COLUMNS = (
    "ccf",
    "ccf_low",
    "ccf_high",
    "dcf",
    "dcf_low",
    "dcf_high",
    "multiplicity",
    "fraction_lost",
    "p_retained",
)


@dataclass(frozen=True)
class Sample:
    """What is known of one sample; `order` ranks samples in time, None where nothing tells."""

    id: str
    kind: str = "tissue"
    site: str | None = None
    timepoint: float | None = None
    day: float | None = None
    sex: str | None = None
    purity: float | None = None
    ploidy: float | None = None
    wgd: bool | None = None
    median_depth: float | None = None

    @property
    def order(self) -> float | None:
        """The day, or the ordinal time point where days are unknown."""
        return self.day if self.day is not None else self.timepoint


@dataclass
class Tumour:
    """N mutations in S samples.

    alt, depth: reads (N, S), 0 where not called. called: whether the sample's input lists the mutation.
    total, minor, scale, error: mean copies per cancer cell, expected VAF per mutated copy and error rate,
    (N, S), NaN where unknown. ccf: the columns of ccf.tsv, each (N, S). precision: α + β of a sample's
    beta-binomial reads, (S,), infinite for binomial ones. purity_factor: (S,) the purity that the clones fit,
    as a multiple of the given one. cluster, p_*: (N,). clones: the posterior over trees.
    """

    mutation_ids: list[str]
    samples: list[Sample]
    variants: list[Variant]
    alt: np.ndarray
    depth: np.ndarray
    called: np.ndarray
    total: np.ndarray
    minor: np.ndarray
    normal: np.ndarray
    scale: np.ndarray
    error: np.ndarray
    precision: np.ndarray
    purity_factor: np.ndarray
    normal_alt: np.ndarray
    normal_depth: np.ndarray
    cluster: np.ndarray
    cluster_probability: np.ndarray
    outlier_probability: np.ndarray
    p_truncal: np.ndarray
    p_clonal: np.ndarray
    p_next_region: np.ndarray
    ccf: dict[str, np.ndarray]
    clones: Clones
    excluded: list[tuple[str, str | None, str, str]] = field(default_factory=list)
    build: str | None = None
    from_table: bool = False
    listed_excluded: dict[str, str] = field(default_factory=dict)
    polyclonal: float | None = None
    warnings: list[tuple[str, str]] = field(default_factory=list)

    @property
    def sample_ids(self) -> list[str]:
        """Ids of the samples, in order."""
        return [sample.id for sample in self.samples]

    def purity(self, s: int) -> float | None:
        """Purity of sample s that the clones fit, None where none is known."""
        given = self.samples[s].purity
        return None if given is None else min(given * float(self.purity_factor[s]), 1.0)


def read_tumour(counts: Path, phylogeny: Path, build: str | None = None) -> Tumour:
    """Read the folders of counts and phylogeny; `samples.tsv` and `excluded.tsv` beside the counts if there.

    Raises
    ------
    UserError
        a table is missing or faulty, or the folders are of different patients; all faults of a table at once.

    """
    beside = counts.parent
    data = _in_order_of(beside / "samples.tsv", read_observations(counts, beside / "not_called.tsv"))
    table = read_table(counts, ("mutation_id", "sample_id"), what="counts table")
    faults = Faults()
    variants, normal_alt, normal_depth = _variants(table, data, faults)
    step, upstream = read_step(beside), read_step(phylogeny)
    sample_ids = data.sample_ids
    overdispersion, factor = (
        np.array([float((upstream["summary"].get(name) or {}).get(one, default)) for one in sample_ids])
        for name, default in (("overdispersion", 0.0), ("purity_factor", 1.0))
    )
    arrays = _sites(data, factor)
    mutations = read_table(phylogeny / "mutations.tsv", ("mutation_id", "cluster_id"), what="mutation table")
    per_mutation = _per_mutation(mutations, data.mutation_ids, faults)
    ccf = _ccf(phylogeny / "ccf.tsv", data, faults)
    clones = read_clones(phylogeny, sample_ids)
    faults.raise_if_any()
    return Tumour(
        mutation_ids=data.mutation_ids,
        samples=_samples(beside / "samples.tsv", data),
        variants=variants,
        precision=1.0 / np.maximum(overdispersion, 1e-12) - 1.0,
        purity_factor=factor,
        normal_alt=normal_alt,
        normal_depth=normal_depth,
        ccf=ccf,
        clones=clones,
        excluded=_excluded(beside / "excluded.tsv"),
        build=build or step["summary"].get("build"),
        from_table=not step["summary"],
        polyclonal=upstream["summary"].get("polyclonal_probability"),
        **arrays,  # type: ignore[arg-type]
        **per_mutation,  # type: ignore[arg-type]
    )


def _in_order_of(path: Path, data: Observations) -> Observations:
    """Samples in the order of `samples.tsv`, which is the user's; those it lacks come last, as they were."""
    if not path.exists():
        return data
    listed = read_table(path, ("sample_id",), what="sample table").columns["sample_id"]
    place = {name: number for number, name in reversed(list(enumerate(listed)))}
    order = sorted(range(len(data.sample_ids)), key=lambda s: (place.get(data.sample_ids[s], len(place)), s))
    moved = np.argsort(order)
    return replace(
        data,
        sample_ids=[data.sample_ids[s] for s in order],
        called=replace(data.called, sample=moved[data.called.sample]),
        not_called=replace(data.not_called, sample=moved[data.not_called.sample]),
    )


def _variants(
    table: Table, data: Observations, faults: Faults
) -> tuple[list[Variant], np.ndarray, np.ndarray]:
    index = {name: number for number, name in enumerate(data.mutation_ids)}
    cells = {name: table.text(name) for name in ANNOTATION}
    first: dict[int, list[str | None]] = {}
    names = list(cells)
    for row, mutation in enumerate(table.columns["mutation_id"]):
        number = index[mutation or ""]
        values = [cells[name][row] for name in names]
        known = first.setdefault(number, values)
        if known is not values:  # another sample's row may be annotated where the first is not
            first[number] = [old if old is not None else new for old, new in zip(known, values, strict=True)]
    variants, normal = [], np.full((2, len(index)), np.nan)
    for number in range(len(index)):
        row_of = dict(zip(names, first[number], strict=True))
        variants.append(
            Variant(
                make_allele(row_of["chrom"], row_of["pos"], row_of["ref"], row_of["alt"]),
                row_of["gene"],
                row_of["hgvsp"],
                row_of["hgvsc"],
                row_of["transcript"],
            )
        )
        for line, name in enumerate(("normal_alt", "normal_depth")):
            if row_of[name] is not None:
                try:
                    normal[line, number] = float(row_of[name] or "")
                except ValueError:
                    faults.add(f"{row_of[name]} is not a number", table.file, None, name)
    return variants, normal[0], normal[1]


def _sites(data: Observations, purity_factor: np.ndarray) -> dict[str, np.ndarray]:
    shape = data.shape
    out = {name: np.full(shape, np.nan) for name in ("total", "minor", "normal", "scale", "error")}
    alt, depth, called = np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=bool)
    rows = data.called
    alt[rows.mutation, rows.sample], depth[rows.mutation, rows.sample] = data.alt, data.depth
    called[rows.mutation, rows.sample] = True
    for given in (data.not_called, rows):
        purity = np.minimum(given.purity * purity_factor[given.sample], 1.0)
        group, at = replace(given, purity=purity), (given.mutation, given.sample)
        out["total"][at], out["minor"][at] = group.total, _mean_minor(group)
        out["normal"][at], out["scale"][at], out["error"][at] = group.normal, group.scale, group.error
    return {**out, "alt": alt, "depth": depth, "called": called}


def _mean_minor(sites: Sites) -> np.ndarray:
    fraction = np.nan_to_num(sites.fraction_2)
    mean = (1 - fraction) * sites.minor + fraction * np.nan_to_num(sites.minor_2)
    return np.where(sites.total_only, np.nan, mean)


def _per_mutation(table: Table, ids: list[str], faults: Faults) -> dict[str, np.ndarray]:
    row_of = {name: row for row, name in enumerate(table.columns["mutation_id"])}
    take = np.array([row_of.get(name, -1) for name in ids], dtype=np.int64)
    if len(take) and (take < 0).all():
        faults.add("names none of the mutations of the counts table", table.file, column="mutation_id")
    cluster = table.integers("cluster_id", faults)
    out = {"cluster": np.where(take >= 0, cluster[take] if len(cluster) else -1, -1)}
    for name in ("cluster_probability", "outlier_probability", "p_truncal", "p_clonal", "p_next_region"):
        values = table.floats(name, faults, low=0, high=1)
        out[name] = np.where(take >= 0, values[take] if len(values) else np.nan, np.nan)
    return out


def _ccf(path: Path, data: Observations, faults: Faults) -> dict[str, np.ndarray]:
    table = read_table(path, ("mutation_id", "sample_id", "ccf"), what="CCF table")
    mutation = {name: number for number, name in enumerate(data.mutation_ids)}
    sample = {name: number for number, name in enumerate(data.sample_ids)}
    rows, at = [], []
    pairs = zip(table.columns["mutation_id"], table.columns["sample_id"], strict=True)
    for row, (one, other) in enumerate(pairs):
        if one in mutation and other in sample:
            rows.append(row)
            at.append((mutation[one], sample[other]))
    where = np.array(at, dtype=np.int64).reshape(-1, 2)
    out = {}
    for name in CCF_COLUMNS:
        values = table.floats(name, faults)
        out[name] = np.full(data.shape, np.nan)
        out[name][where[:, 0], where[:, 1]] = values[rows]
    return out


def _samples(path: Path, data: Observations) -> list[Sample]:
    rows: dict[str, dict[str, str | None]] = {}
    if path.exists():
        table = read_table(path, ("sample_id",), what="sample table")
        rows = {str(row["sample_id"]): row for row in table.rows()}
    out = []
    for number, name in enumerate(data.sample_ids):
        row = rows.get(name, {})
        own = data.called.sample == number
        depth = data.depth[own]
        purity = float(np.median(data.called.purity[own])) if own.any() else None
        wgd = row.get("wgd")
        out.append(
            Sample(
                name,
                row.get("kind") or "tissue",
                row.get("site"),
                _number(row.get("timepoint")),
                _number(row.get("day")),
                row.get("sex"),
                _number(row.get("purity")) if _number(row.get("purity")) is not None else purity,
                _number(row.get("ploidy")),
                None if wgd is None else wgd == "true",
                float(np.median(depth[depth > 0])) if (depth > 0).any() else _number(row.get("median_depth")),
            )
        )
    return out


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _excluded(path: Path) -> list[tuple[str, str | None, str, str]]:
    if not path.exists():
        return []
    table = read_table(path, ("mutation_id", "reason"), what="table of excluded mutations")
    return [
        (str(row["mutation_id"]), row.get("sample_id"), str(row["reason"]), row.get("detail") or "")
        for row in table.rows()
    ]
