"""Other tools' formats: PyClone-VI's result, CONIPHER's and Pairtree's inputs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from truncal.ccf.observations import Observations
from truncal.clones.result import Clustering
from truncal.tables import atomic, write_table

FORMATS = ("pyclone-vi", "conipher", "pairtree")


def export(
    directory: Path, formats: list[str], data: Observations, found: Clustering, case: str
) -> list[Path]:
    """Write the chosen formats into a folder; gives the paths. `case` names the patient."""
    n, s = data.shape
    alt, depth = np.zeros((n, s), dtype=np.int64), np.zeros((n, s), dtype=np.int64)
    rows = data.called
    alt[rows.mutation, rows.sample], depth[rows.mutation, rows.sample] = data.alt, data.depth
    mutations = np.repeat(np.array(data.mutation_ids, dtype=object), s)
    samples = np.tile(np.array(data.sample_ids, dtype=object), n)
    member = np.where(found.label >= 0, found.label, 0)
    probability = found.responsibility[np.arange(n), member]
    cluster_dcf = found.dcf[member]
    written = []
    if "pyclone-vi" in formats:
        written.append(directory / "pyclone-vi.tsv")
        ccf = found.summary.ccf
        deviation = (cluster_dcf[..., 2] - cluster_dcf[..., 1]) / 3.92
        assigned = np.where(found.label >= 0, probability, found.outlier)
        write_table(
            written[-1],
            {
                "mutation_id": mutations,
                "sample_id": samples,
                "cluster_id": np.repeat(np.where(found.label >= 0, found.label + 1, -1), s),
                "cellular_prevalence": cluster_dcf[..., 0].ravel().round(4),
                "cellular_prevalence_std": deviation.ravel().round(4),
                "cluster_assignment_prob": np.repeat(assigned, s).round(4),
                "mutation_ccf": ccf[..., 0].ravel().round(4),
            },
        )  # fmt: skip
    if "conipher" in formats:
        written.append(directory / "conipher.tsv")
        write_table(written[-1], _conipher(data, found, alt, depth, mutations, samples, case))
    if "pairtree" in formats:
        written += _pairtree(directory, data, found, alt, depth)
    return written


def _conipher(
    data: Observations, found: Clustering, alt: np.ndarray, depth: np.ndarray, mutations: np.ndarray,
    samples: np.ndarray, case: str,
) -> dict[str, list | np.ndarray]:  # fmt: skip
    n, s = data.shape
    major, minor, purity = _copies(data)
    parts = [identifier.split(":") for identifier in data.mutation_ids]
    given = {
        name: data.variant.get(name) or [part[i] if len(part) == 4 else None for part in parts]
        for i, name in enumerate(("chrom", "pos", "ref", "alt"))
    }
    # read as a number there
    given["chrom"] = [name.removeprefix("chr") if name else None for name in given["chrom"]]
    ploidy = np.broadcast_to((major + minor).mean(axis=0), (n, s))
    return {
        "CASE_ID": [case] * (n * s),
        "SAMPLE": samples,
        **{
            "CHR" if name == "chrom" else name.upper(): [value for value in values for _ in range(s)]
            for name, values in given.items()
        },
        "REF_COUNT": (depth - alt).ravel(),
        "VAR_COUNT": alt.ravel(),
        "DEPTH": depth.ravel(),
        "CLUSTER": np.repeat(np.where(found.label >= 0, found.label + 1, -1), s),
        "CCF_PHYLO": found.summary.dcf[..., 0].ravel().round(4),
        "CCF_OBS": found.summary.ccf[..., 0].ravel().round(4),
        "MUT_COPY": found.summary.copies.ravel().round(4),
        "COPY_NUMBER_A": major.ravel().round(4),
        "COPY_NUMBER_B": minor.ravel().round(4),
        "ACF": purity.ravel().round(4),
        "PLOIDY": ploidy.ravel().round(4),
        "MUTATION_ID": mutations,
    }


def _copies(data: Observations) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Major and minor copies and purity, each (N, S)."""
    out = np.zeros((3, *data.shape))
    for part in (data.called, data.not_called):
        major, minor = part.mean_copies()
        out[0, part.mutation, part.sample] = major
        out[1, part.mutation, part.sample] = minor
        out[2, part.mutation, part.sample] = part.purity
    return out[0], out[1], out[2]


def _pairtree(
    directory: Path, data: Observations, found: Clustering, alt: np.ndarray, depth: np.ndarray
) -> list[Path]:
    """Pairtree's `.ssm` and `.params.json`; `var_read_prob` is the frequency that a DCF of 1 would have."""
    major, minor, purity = _copies(data)
    normal = np.full(data.shape, 2.0)
    for part in (data.called, data.not_called):
        normal[part.mutation, part.sample] = part.normal
    alleles = purity * (major + minor) + (1 - purity) * normal
    summary = found.summary
    copies = np.where(summary.dcf[..., 0] > 0.02, summary.copies / np.maximum(summary.dcf[..., 0], 0.02), 1.0)
    chance = np.clip(copies, 0.05, None) * purity / np.maximum(alleles, 1e-6)
    names = [f"s{index}" for index in range(len(data.mutation_ids))]

    def joined(values: np.ndarray) -> list[str]:
        return [",".join(f"{value:.6g}" for value in row) for row in values.tolist()]

    ssm, params = directory / "pairtree.ssm", directory / "pairtree.params.json"
    write_table(
        ssm,
        {
            "id": names,
            "name": data.mutation_ids,
            "var_reads": joined(alt),
            "total_reads": joined(depth),
            "var_read_prob": joined(np.clip(chance, 1e-4, 1.0)),
        },
    )
    clusters = [
        [names[n] for n in np.flatnonzero(found.label == k).tolist()] for k in range(found.label.max() + 1)
    ]
    garbage = [names[n] for n in np.flatnonzero(found.label < 0).tolist()]
    with atomic(params) as handle:
        json.dump({"samples": data.sample_ids, "clusters": clusters, "garbage": garbage}, handle)
    return [ssm, params]
