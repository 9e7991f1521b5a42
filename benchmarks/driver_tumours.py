"""Tumours of the drivers benchmark, and what each tool says of one, kept on disk as a part per tumour.

A part is all that scoring needs, so that a long run can be stopped, resumed (`--work DIR`) and scored again
without a single reconstruction. A folder of parts belongs to one version of the code; start a new one after
a change.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.datasets import Tumour, conipher_sims, read_rows

SCORED, FITTED = 20240, 977
"""First words of the seeds: of tumours that are scored, and of those that constants may be fitted on."""

PURITY = ((0.2, 0.35), (0.35, 0.6), (0.6, 0.9))
DEPTH = (50, 100, 200, 500)
REGIONS = (2, 3, 4, 6, 8)
COPY_NUMBER = ("ascat", "battenberg", "purple")
MUTATIONS = (120, 400)
DRIVERS = 80
FIT_TO_JUDGE = (100, 0.3)
"""Mean depth and purity from which at most 15 % may be indeterminate."""


@dataclass
class Case:
    """A tumour to reconstruct: its counts, truth by mutation, and which mutations count."""

    name: str
    counts: Path
    clonal: dict[str, bool]
    truncal: dict[str, bool]
    chosen: list[str]
    fit: bool = True
    peer_key: str = ""
    strata: dict[str, str] = field(default_factory=dict)
    kind: dict[str, str] = field(default_factory=dict)


@dataclass
class Part:
    """What scoring needs of one tumour. Lists are of the chosen mutations; said: tool → question → values,
    None where the tool has no answer. strata: what the tumour is like; kind: what each mutation is like."""

    name: str
    fit: bool
    strata: dict[str, str]
    kind: dict[str, list]
    truth: dict[str, list[bool]]
    said: dict[str, dict[str, list[float | None]]]

    def write(self, path: Path) -> None:
        """As JSON, under a temporary name first."""
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(".tmp")
        scratch.write_text(json.dumps(asdict(self)), encoding="utf-8")
        scratch.replace(path)

    @classmethod
    def read(cls, path: Path) -> Part:
        """From JSON."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))


Build = Callable[[Path], Case]
"""Makes the tumour's files in a folder."""


def simulated(first: int, patients: int) -> Iterator[tuple[str, Build]]:
    """Tumours of `truncal simulate` over purity, depth, regions, doubling, mirrored and subclonal events."""
    for number in range(patients):
        yield f"SIM{number}", partial(_simulate, first, number)


def conipher(data: Path, pattern: str) -> Iterator[tuple[str, Build]]:
    """Tumours of a foreign simulator; every mutation that isn't noise counts as a driver."""
    for tumour in conipher_sims(data):
        if re.search(pattern, tumour.name):
            yield tumour.name, partial(_foreign, tumour)


def _simulate(first: int, number: int, folder: Path) -> Case:
    from truncal.cli import main

    rng = np.random.default_rng([first, number])
    purity = PURITY[rng.integers(len(PURITY))]
    depth, regions = int(rng.choice(DEPTH)), int(rng.choice(REGIONS))
    out = folder / "sim"
    caller = ""
    arguments = {
        "--purity": [str(value) for value in purity],
        "--depth": [str(depth)],
        "--regions": [str(regions)],
        "--clones": [str(int(rng.integers(3, 9)))],
        "--mutations": [str(int(rng.integers(*MUTATIONS)))],
        "--copy-number": [caller := str(rng.choice(COPY_NUMBER))],
        "--mirrored": [str(int(rng.integers(0, 3)))],
        "--wgd": ["0.35"],
        "--drivers": [str(DRIVERS)],
        "--seed": [str(int(rng.integers(1 << 30)))],
    }
    flat = [part for name, values in arguments.items() for part in (name, *values)]
    main(["simulate", "--out", str(out), "--format", "counts", "--quiet", *flat])
    truth = out / "truth"
    clonal, truncal = {}, {}
    for row in read_rows(truth / "mutations.tsv"):
        if row["kind"] == "somatic":
            clonal[row["mutation_id"]] = row["clonal"] == "true"
            truncal[row["mutation_id"]] = row["truncal"] == "true"
    chosen = [row["mutation_id"] for row in read_rows(truth / "drivers.tsv") if row["detectable"] == "true"]
    samples = read_rows(truth / "samples.tsv")
    least = min(float(row["purity"]) for row in samples)
    fit = depth >= FIT_TO_JUDGE[0] and least >= FIT_TO_JUDGE[1]
    (counts,) = out.glob("*/counts.tsv")
    strata = {
        "depth": str(depth),
        "purity": f"{purity[0]:g}-{purity[1]:g}",
        "regions": str(regions),
        "caller": caller,
        "wgd": str(any(row["wgd"] == "true" for row in samples)),
    }
    return Case(f"SIM{number}", counts, clonal, truncal, chosen, fit, strata=strata, kind=copy_kind(counts))


def _foreign(tumour: Tumour, folder: Path) -> Case:
    counts = tumour.write(folder / "counts.tsv")
    clonal = tumour.truth.clonal()
    chosen = [name for name in clonal if name not in tumour.truth.noise]
    depth = np.mean([int(row["ref_counts"]) + int(row["alt_counts"]) for row in tumour.rows])
    purity = min(float(row["tumour_content"]) for row in tumour.rows)
    fit = bool(depth >= FIT_TO_JUDGE[0] and purity >= FIT_TO_JUDGE[1])
    strata = {"regions": str(tumour.size[1])}
    key = f"conipher-sims (rounded)/{tumour.name}"
    return Case(
        tumour.name, counts, clonal, tumour.truth.truncal, chosen, fit, key, strata, copy_kind(counts)
    )


def copy_kind(counts: Path) -> dict[str, str]:
    """The most awkward copy number each mutation has in any sample: subclonal, loss, gain or plain."""
    order = ("plain", "gain", "loss", "subclonal")
    out: dict[str, str] = {}
    for row in read_rows(counts):
        major, minor = float(row["major_cn"]), float(row["minor_cn"])
        second = row.get("cn_fraction_2", "NA") not in ("NA", "0", "")
        partial = second or abs(major - round(major)) > 0.02 or abs(minor - round(minor)) > 0.02
        kind = "subclonal" if partial else "loss" if minor < 1 else "gain" if major > 1 else "plain"
        name = row["mutation_id"]
        out[name] = max(out.get(name, kind), kind, key=order.index)
    return out


def parts(
    cases: Iterator[tuple[str, Build]], work: Path | None, make: Callable[[Case, Path], Part]
) -> Iterator[tuple[Part, bool]]:
    """Each tumour's part and whether it was made now: read from `work` where it lies there."""
    for name, build in cases:
        path = work / f"{name}.json" if work else None
        if path is not None and path.exists():
            yield Part.read(path), False
            continue
        with tempfile.TemporaryDirectory() as folder:
            part = make(build(Path(folder)), Path(folder))
        if path is not None:
            part.write(path)
        yield part, True
