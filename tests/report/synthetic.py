"""Made-up patients for the report's tests: whole documents of any size, with hostile ids if wanted."""

from __future__ import annotations

from typing import Any

import numpy as np
from synthetic_findings import HOSTILE, driver_rows, findings, rows_of

from truncal.report.columns import SAMPLE_COLUMNS
from truncal.report.document import STEPS


def random_tree(clones: int, rng: np.random.Generator) -> dict[int, int]:
    """Parents of clones 1..K below one founder."""
    return {1: 0, **{k: int(rng.integers(1, k)) for k in range(2, clones + 1)}}


def make_document(
    *,
    clones: int = 5,
    samples: int = 4,
    mutations: int = 150,
    seed: int = 1,
    hostile: bool = False,
    days: bool = False,
    drivers: bool = True,
    patient: str = "P1",
) -> dict[str, Any]:
    """A document that agrees with itself: DCF from proportions on a tree, reads from DCF."""
    rng = np.random.default_rng(seed)
    parents = random_tree(clones, rng)
    names = [f"R{i + 1}" for i in range(samples)]
    ids = [f"chr{1 + i % 22}:{1000 + 97 * i}:A:T" for i in range(mutations)]
    if hostile:
        patient = "P'1\"</script><b>中"
        names = [HOSTILE[i % len(HOSTILE)] + (str(i) if i >= len(HOSTILE) else "") for i in range(samples)]
        ids = [HOSTILE[i % len(HOSTILE)] + str(i) for i in range(mutations)]
    share = rng.dirichlet(np.full(clones, 0.4), size=samples).T * 0.97  # clones × samples
    below = np.eye(clones)
    for child in range(clones, 0, -1):
        if parents[child]:
            below[parents[child] - 1] += below[child - 1]
    dcf = np.clip(below @ share, 0, 1)
    sizes = np.maximum(1, rng.multinomial(mutations - clones, rng.dirichlet(np.full(clones, 2.0))) + 1)
    cluster = np.repeat(np.arange(1, clones + 1), sizes)[:mutations]
    cluster = np.concatenate([cluster, np.full(mutations - len(cluster), clones)])
    if mutations > 40:
        cluster[-2:] = -1
    depth = rng.poisson(120, size=(mutations, samples))
    depth[rng.random(depth.shape) < 0.03] = 0
    fraction = np.where(
        cluster[:, None] > 0, dcf[np.maximum(cluster - 1, 0)], rng.random((mutations, samples))
    )
    alt = rng.binomial(depth, 0.35 * fraction)
    genes = [f"GENE{i % 400}" for i in range(mutations)]
    driven = driver_rows(cluster, ids, genes, names, hostile=hostile) if drivers else []
    ccf_rows = []
    for i, name in enumerate(ids):
        for j, sample in enumerate(names):
            d, a = int(depth[i, j]), int(alt[i, j])
            f = float(min(1.0, a / max(1, d) / 0.35))
            wide = 1.96 * np.sqrt(max(f * (1 - f), 0.02) / max(d * 0.35, 1))
            low, high = max(0.0, f - wide), min(1.0, f + wide)
            ccf_rows.append(
                {
                    "mutation_id": name,
                    "sample_id": sample,
                    "alt_counts": a,
                    "depth": d,
                    "ccf": round(f, 4),
                    "ccf_low": round(low, 2),
                    "ccf_high": round(high, 2),
                    "dcf": round(f, 4),
                    "dcf_low": round(low, 2),
                    "dcf_high": round(high, 2),
                    "multiplicity": 1.0,
                    "fraction_lost": 0.0,
                }
            )
    moved = dict(parents)
    if clones >= 3:
        last = max(parents)
        moved[last] = 1 if parents[last] != 1 else 2
    joined = [";".join(f"{c}:{p}" for c, p in tree.items()) for tree in (parents, moved)]
    tables = {
        "counts": rows_of(
            "counts",
            [
                {
                    "mutation_id": name,
                    "sample_id": sample,
                    "ref_counts": int(depth[i, j] - alt[i, j]),
                    "alt_counts": int(alt[i, j]),
                    "major_cn": 1,
                    "minor_cn": 1,
                    "normal_cn": 2,
                }
                for i, name in enumerate(ids)
                for j, sample in enumerate(names)
                if depth[i, j]
            ],
        ),
        "excluded": rows_of(
            "excluded",
            [
                {
                    "mutation_id": f"x{i}",
                    "stage": "counts",
                    "reason": "no_copy_number",
                    "detail": "no segment",
                }
                for i in range(7)
            ],
        ),
        "mutations": rows_of(
            "mutations",
            [
                {
                    "mutation_id": name,
                    "cluster_id": int(cluster[i]),
                    "cluster_probability": 0.97,
                    "outlier_probability": 0.9 if cluster[i] < 0 else 0.01,
                    "p_truncal": 0.98 if cluster[i] == 1 else 0.01,
                    "p_clonal": 0.95 if cluster[i] == 1 else 0.0,
                    "p_next_region": 0.5,
                    "flags": None,
                    "chrom": f"chr{1 + i % 22}",
                    "pos": 1000 + 97 * i,
                    "ref": "A",
                    "alt": "T",
                    "gene": genes[i],
                    "hgvsp": f"p.Ala{i}Thr",
                }
                for i, name in enumerate(ids)
            ],
            "p_truncal",
            "p_clonal",
            "p_next_region",
            "flags",
            "chrom",
            "pos",
            "ref",
            "alt",
            "gene",
            "hgvsp",
        ),
        "ccf": rows_of("ccf", ccf_rows),
        "clusters": rows_of(
            "clusters",
            [
                {
                    "cluster_id": k + 1,
                    "sample_id": sample,
                    "n_mutations": int((cluster == k + 1).sum()),
                    "dcf": round(float(min(1, max(0, dcf[k, j] + rng.normal(0, 0.02)))), 4),
                    "dcf_low": round(max(0, float(dcf[k, j]) - 0.05), 4),
                    "dcf_high": round(min(1, float(dcf[k, j]) + 0.05), 4),
                    "dcf_tree": round(float(dcf[k, j]), 4),
                }
                for k in range(clones)
                for j, sample in enumerate(names)
            ],
        ),
        "trees": rows_of(
            "trees",
            [
                {"tree_id": n + 1, "posterior": p, "log_likelihood": -100.0 - n, "parents": text}
                for n, (p, text) in enumerate(zip((0.71, 0.24), joined, strict=True))
            ],
        ),
        "edges": rows_of(
            "edges",
            [
                {
                    "parent": p,
                    "child": c,
                    "probability": 0.97 if moved[c] == p else 0.72,
                    "in_consensus": True,
                }
                for c, p in parents.items()
            ],
        ),
        "relations": rows_of("relations", []),
        "proportions": rows_of(
            "proportions",
            [
                {
                    "cluster_id": k,
                    "sample_id": sample,
                    "proportion": round(float(share[k - 1, j]) if k else 0.03, 4),
                    "low": 0.0,
                    "high": 1.0,
                }
                for k in range(clones + 1)
                for j, sample in enumerate(names)
            ],
        ),
        "infeasible": rows_of("infeasible", []),
        "losses": rows_of("losses", []),
        "changes": rows_of("changes", []),
        "drivers": rows_of("drivers", driven),
        **findings(names, clones, patient, days=days),
    }

    def part(node: int) -> str:
        below_it = [c for c, p in parents.items() if p == node]
        return (f"({','.join(map(part, below_it))})" if below_it else "") + str(node)

    return {
        "schema_version": "1.0",
        "software": {"name": "truncal", "version": "0.1.0"},
        "patient": {"patient_id": patient, "build": "GRCh38", "sex": "female", "wgd": True},
        "samples": [
            {
                **{name: None for name in SAMPLE_COLUMNS if name != "sex"},
                "sample_id": name,
                "kind": "tissue",
                "site": f"site {j}",
                "purity": 0.6,
                "ploidy": 3.1,
                "wgd": True,
                "median_depth": 120,
                "n_called": mutations,
                "n_not_called": 0,
                "day": 120 * j if days else None,
            }
            for j, name in enumerate(names)
        ],
        "parameters": {step: {"seed": 20240} for step in STEPS},
        "inputs": [{"name": "P1.vcf.gz", "sha256": "0" * 64}],
        "warnings": [
            {"step": "clones", "code": "small_clusters", "text": "Clusters of fewer than three mutations: 5."}
        ],
        "summaries": {step: {} for step in STEPS},
        "tree": {
            "method": "exact",
            "n_trees": 2,
            "n_trees_95": 2,
            "polyclonal_probability": 0.01,
            "consensus": {str(c): str(p) for c, p in parents.items()},
            "newick": part(0) + ";",
        },
        "tables": tables,
    }
