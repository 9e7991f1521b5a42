"""Drivers and findings of the made-up patients: what does not follow from their tree and reads."""

from __future__ import annotations

from typing import Any

import numpy as np

from truncal.report.columns import TABLES

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


def rows_of(name: str, rows: list[dict[str, Any]], *more: str) -> dict[str, Any]:
    """A table of the document."""
    columns = [*TABLES[name], *more]
    return {"columns": columns, "rows": [[row.get(column) for column in columns] for row in rows]}


def driver_rows(
    cluster: np.ndarray, ids: list[str], genes: list[str], names: list[str], *, hostile: bool
) -> list[dict[str, Any]]:
    """Rows of the drivers; those on a clone take one of its mutations each, whose gene is set in `genes`."""
    clones, samples = int(cluster.max()), len(names)
    rows: list[dict[str, Any]] = []
    used: set[int] = set()
    for number, (gene, event, kind, role, hgvsp, clone, trunk, clonal) in enumerate(PEOPLE_LIKE):
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
        rows.append(
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
    return rows


def findings(names: list[str], clones: int, patient: str, *, days: bool) -> dict[str, Any]:
    """Tables of what was found beside the tree; `days` adds a therapy and what came before and after it."""
    return {
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
