"""Made-up patients for the report's tests: whole documents of any size, with hostile ids if wanted."""

from __future__ import annotations

from typing import Any

import numpy as np

from truncal.report.columns import SAMPLE_COLUMNS, TABLES
from truncal.report.document import STEPS

HOSTILE = [
    "a'b",
    'a"b',
    "</script><script>window.broken=1</script>",
    "<img src=x onerror='window.broken=1'>",
    "ünï çødé 中文",
    "{{ 7*7 }}",
    "a\\b`${1}`",
    "--><!--",
    "javascript:window.broken=1",
    "&lt;b&gt; & co",
]
PEOPLE_LIKE = [
    ("EGFR", "L858R", "snv", "sensitising_driver", "p.Leu858Arg", 1, 0.995, 0.98),
    ("EGFR", "T790M", "snv", "on_target_resistance", "p.Thr790Met", 2, 0.03, 0.01),
    ("TP53", "R273H", "snv", "transformation", "p.Arg273His", 1, 0.991, 0.95),
    ("PIK3CA", "E545K", "snv", "bypass", "p.Glu545Lys", 3, 0.02, 0.001),
    ("KRAS", "G12C", "snv", "bypass", "p.Gly12Cys", 1, 0.62, 0.41),
    ("MET", "amplification", "cn_gain", "bypass", None, None, None, None),
]


def random_tree(clones: int, rng: np.random.Generator) -> dict[int, int]:
    """Parents of clones 1..K below one founder."""
    return {1: 0, **{k: int(rng.integers(1, k)) for k in range(2, clones + 1)}}


def rows_of(name: str, rows: list[dict[str, Any]], *more: str) -> dict[str, Any]:
    """A table of the document."""
    columns = [*TABLES[name], *more]
    return {"columns": columns, "rows": [[row.get(column) for column in columns] for row in rows]}


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
    driver_rows, used = [], set()
    for number, (gene, event, kind, role, hgvsp, clone, trunk, clonal) in enumerate(
        PEOPLE_LIKE if drivers else []
    ):
        if clone is not None and clone > clones:
            continue
        at = None
        if clone is not None:
            at = next((i for i in np.flatnonzero(cluster == clone).tolist() if i not in used), None)
            if at is None:
                continue
            used.add(at)
            genes[at] = gene
        label = (
            None
            if clonal is None
            else "clonal"
            if clonal >= 0.9
            else "subclonal"
            if clonal <= 0.1
            else "indeterminate"
        )
        driver_rows.append(
            {
                "event_id": (HOSTILE[number] if hostile else f"E{number + 1}"),
                "gene": gene,
                "event": (HOSTILE[number] if hostile else event),
                "class": kind,
                "hgvsp": hgvsp,
                "transcript": "NM_000000.1",
                "grch38": f"chr7:{55000000 + number}:T:G",
                "cluster_id": clone,
                "label": label,
                "p_clonal": clonal,
                "p_truncal": trunk,
                "p_next_region": None if clonal is None else round(clonal * 0.9, 3),
                "reason": "amplified in some regions only"
                if clonal is None
                else "few reads in R2"
                if label == "indeterminate"
                else None,
                "regions_present": samples if trunk and trunk > 0.5 else 1,
                "regions_assessable": samples,
                "ccf_by_sample": ";".join(f"{s}=0.5[0.3-0.7]" for s in names) if at is None else None,
                "role": role,
                "drugs_sensitive": "osimertinib;afatinib" if number == 0 else None,
                "drugs_resistant": "gefitinib;erlotinib" if number == 1 else None,
                "evidence": "A",
                "sources": "PMID:15118073",
                "mutation_id": None if at is None else ids[at],
            }
        )
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
        "drivers": rows_of("drivers", driver_rows),
        "copy_number_drivers": rows_of(
            "copy_number_drivers",
            [
                {
                    "event_id": "E6",
                    "gene": "MET",
                    "event": "amplification",
                    "sample_id": s,
                    "total_cn": 8,
                    "minor_cn": 1,
                    "ploidy": 2.1,
                    "ratio": 3.8,
                    "focal": True,
                    "state": "amplified",
                }
                for s in names[:2]
            ],
        ),
        "power": rows_of(
            "power",
            [
                {
                    "event_id": "E9",
                    "gene": "EGFR",
                    "alteration": "C797S",
                    "sample_id": s,
                    "depth": 40 + 30 * j,
                    "alt_counts": 0,
                    "ccf_excluded_95": round(0.4 / (1 + j), 3),
                    "depth_for_1pct": 1500,
                    "depth_for_5pct": 300,
                    "depth_for_10pct": 150,
                }
                for j, s in enumerate(names)
            ],
        ),
        "phase": rows_of(
            "phase",
            [
                {
                    "event_a": "E2",
                    "event_b": "E9",
                    "sample_id": names[0],
                    "n_both": 0,
                    "n_a_only": 9,
                    "n_b_only": 4,
                    "n_neither": 40,
                    "p_cis": 0.02,
                    "verdict": "trans",
                    "basis": "reads",
                }
            ],
        ),
        "timing": rows_of(
            "timing",
            [
                {
                    "event_id": "E2",
                    "sample_before": names[0],
                    "sample_after": names[-1],
                    "ccf_limit_before": 0.04,
                    "p_pre_existing": 0.2,
                    "p_acquired": None,
                    "verdict": "undeterminable",
                    "reason": "depth too low before therapy",
                }
            ]
            if days
            else [],
        ),
        "polytargeting": rows_of(
            "polytargeting",
            [
                {
                    "set_id": "1",
                    "drug_classes": "EGFR TKI 3rd generation;PI3K inhibitor",
                    "coverage": 0.93,
                    "n_clones_covered": clones - 1,
                    "clones_uncovered": str(clones),
                    "vetoes": None,
                    "evidence": "A;B",
                }
            ],
        ),
        "coverage": rows_of(
            "coverage",
            [
                {
                    "cluster_id": k,
                    "drug_class": "EGFR TKI 3rd generation",
                    "status": "sensitive",
                    "because": "EGFR L858R (inherited)",
                    "evidence": "A",
                }
                for k in range(1, clones + 1)
            ],
        ),
        "flags": rows_of(
            "flags",
            [
                {
                    "code": "transformation_risk",
                    "event_id": None,
                    "sample_id": None,
                    "severity": "info",
                    "text": "TP53 is lost on both alleles; RB1 is not: no small-cell transformation risk.",
                }
            ],
        ),
        "not_assessable": rows_of(
            "not_assessable",
            [
                {
                    "id": "N1",
                    "gene": "ALK",
                    "alteration": "fusion",
                    "class": "fusion",
                    "reason": "no fusion table given",
                    "assay": "RNA or an intron-tiled panel",
                },
                {
                    "id": "N2",
                    "gene": "RET",
                    "alteration": "fusion",
                    "class": "fusion",
                    "reason": "no fusion table given",
                    "assay": "RNA or an intron-tiled panel",
                },
                {
                    "id": "N3",
                    "gene": None,
                    "alteration": "EMT",
                    "class": "non_genomic",
                    "reason": "not visible in DNA",
                    "assay": "histology, RNA",
                },
                {
                    "id": "N4",
                    "gene": "BCL2L11",
                    "alteration": "deletion",
                    "class": "germline",
                    "reason": "germline and intronic",
                    "assay": "germline genome",
                },
            ],
        ),
        "treatments": rows_of(
            "treatments",
            [
                {"patient": patient, "drug": "osimertinib", "start": 0, "end": 200},
                {"patient": patient, "drug": "chemotherapy", "start": 210, "end": 300},
            ]
            if days
            else [],
        ),
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
