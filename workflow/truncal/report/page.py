"""`report.html`: one offline file, drawn here; its scripts add selection, search and export."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from truncal import __version__
from truncal.report import words
from truncal.report.drivers_view import driver_rows, not_assessable_groups, verdict
from truncal.report.heatmap import MODES, heatmap_svg
from truncal.report.palette import ON_DARK, OUTLIER
from truncal.report.panels import (
    copy_number_view,
    coverage_matrix,
    drug_sets,
    power_matrix,
    shown_table,
)
from truncal.report.patient import Patient, Tree, column, patient_of
from truncal.report.proportions import bars_svg, fish_svg
from truncal.report.scatter import MEASURES, far_pair, pair_svg, strips_svg, thinning
from truncal.report.small_tree import glance_svg
from truncal.report.tree import differences, tree_svg

_HERE = Path(__file__).parent
ALTERNATIVES, LEAST_POSTERIOR = 8, 0.005
STATIC_MUTATIONS = 500


def report_html(document: Mapping[str, Any]) -> str:
    """The page of a patient's document."""
    patient = patient_of(document)
    return template("patient.html.j2").render(context(patient))


def context(patient: Patient) -> dict[str, Any]:
    """What the template needs."""
    document = patient.document
    rows = driver_rows(patient)
    return {
        "patient": patient,
        "document": document,
        "info": document["patient"],
        "samples": document["samples"],
        "sample_line": _sample_line(document["samples"]),
        "purity_found": _purity_found(document),
        "software": document["software"],
        "page_version": __version__,
        "drivers": rows,
        "verdict": verdict(patient, rows),
        "not_assessable": not_assessable_groups(patient),
        "trees": tree_tabs(patient),
        "glance": _glance(patient),
        "shown_share": _shown_share(patient),
        "heatmaps": [
            (
                mode,
                Markup(
                    heatmap_svg(patient, mode, title=f"{mode.capitalize()} cell fraction of clones by sample")
                ),
            )
            for mode in MODES
        ],
        "bars": Markup(bars_svg(patient, title="Clone proportions by sample")),
        "fish": _markup(fish_svg(patient, title="Clones over time")),
        "strips": [
            (key, words.capital(name), Markup(strips_svg(patient, key, title=f"Mutations by sample: {name}")))
            for key, name in MEASURES.items()
        ],
        "pair": _pair(patient),
        "pair_at": far_pair(patient),
        "static_mutations": _static_mutations(patient),
        "excluded_counts": _excluded_counts(patient),
        "data": Markup(json_block(page_data(patient))),
        "words": words,
        "shown_table": shown_table,
        "power": power_matrix(patient),
        "sets": drug_sets(patient),
        "coverage": coverage_matrix(patient),
        "copy_number": copy_number_view(patient),
        "css": Markup(style()),
        "js": Markup(asset("templates/page.js")),
        "tabulator": packed(_code("vendor/tabulator.min.js")),
        "tabulator_css": Markup(_code("vendor/tabulator_simple.min.css")),
        "thinning": thinning(patient),
        "vendor": json.loads(asset("vendor/manifest.json")),
    }


MOVED = 0.1
"""Relative change of a purity from which the one found is shown beside the given one."""

MOST = 1e6
"""A purity is no larger multiple of another; a file may hold numbers that fit no double."""


def _purity_found(document: Mapping[str, Any]) -> dict[str, float]:
    """Purity that the clones fit, of samples where it is another than the given one."""
    found: Any = document
    for name in ("summaries", "clones", "purity_factor"):
        found = found.get(name) if isinstance(found, Mapping) else None
    factors = found if isinstance(found, Mapping) else {}
    out = {}
    for row in document["samples"]:
        given, factor = row.get("purity"), factors.get(row["sample_id"])
        if not isinstance(given, int | float) or not isinstance(factor, int | float):
            continue
        if 0 < factor < MOST and abs(factor - 1) > MOVED:
            out[row["sample_id"]] = min(given * factor, 1.0)
    return out


def _sample_line(samples: Sequence[Mapping[str, Any]]) -> str:
    """Range of purity, ploidy and depth over the samples."""
    parts = [f"{name} {words.span(row.get(name) for row in samples)}" for name in ("purity", "ploidy")]
    depths = [row["median_depth"] for row in samples if row.get("median_depth") is not None]
    if depths:
        parts.append(f"median depth {min(depths):g}–{max(depths):g}")
    doubled = sum(bool(row.get("wgd")) for row in samples)
    if doubled:
        parts.append(f"{doubled} genome-doubled")
    return " · ".join(parts)


def tree_tabs(patient: Patient) -> list[dict[str, Any]]:
    """The shown tree first (the consensus), then the best trees that differ from it."""
    best = _best(patient)
    same = next((tree for tree in best if tree.parents == patient.consensus.parents), None)
    shown = same or patient.consensus
    tabs = [_tab(patient, shown, shown, first=True, is_consensus=True)]
    tabs += [_tab(patient, tree, shown, first=False) for tree in best if tree is not same]
    return tabs


def _tab(
    patient: Patient, tree: Tree, shown: Tree, *, first: bool, is_consensus: bool = False
) -> dict[str, Any]:
    changes = differences(tree, shown)
    name = "Consensus" if is_consensus else f"Tree {tree.tree_id}"
    moved = frozenset(clone for clone, _, after in changes if after is not None)
    return {
        "name": name,
        "tree_id": tree.tree_id,
        "key": "consensus" if first else f"tree-{tree.tree_id}",
        "posterior": tree.posterior,
        "changes": [_change(patient, *change) for change in changes],
        "newick": newick(tree),
        "svg": Markup(
            tree_svg(patient, tree, title=f"{name} of {patient.title}", moved=moved, samples=first)
        ),
    }


def _change(patient: Patient, clone: int, before: int | None, after: int | None) -> str:
    """What differs at one clone, with the drivers that move along."""
    names = ", ".join(driver.name for driver in patient.drivers if driver.clone == clone)
    who = f"clone {clone} ({names})" if names else f"clone {clone}"
    if after is None:
        return f"{who} is not on this tree"
    if before is None:
        return f"{who} is added below {after or 'the root'}"
    return f"{who} hangs below {after or 'the root'} instead of {before or 'the root'}"


def newick(tree: Tree) -> str:
    """Newick of a tree, its internal nodes named and the root `0`."""

    def part(node: int) -> str:
        children = tree.children.get(node, [])
        return (f"({','.join(map(part, children))})" if children else "") + str(node)

    return part(0) + ";"


def page_data(patient: Patient) -> dict[str, Any]:
    """What the scripts need: clones, samples, trees and, packed, the reads and CCF of every mutation."""
    document = patient.document
    return {
        "patient": patient.patient_id,
        "schema_version": document["schema_version"],
        "sample_line": _sample_line(document["samples"]),
        "software": document["software"],
        "samples": patient.samples,
        "clones": [
            {"id": c.clone_id, "n": c.n_mutations, "fill": c.mark.fill, "shape": c.mark.shape}
            for c in patient.clones.values()
        ],
        "outlier_fill": OUTLIER,
        "trees": [
            {"id": t.tree_id, "posterior": t.posterior, "parents": {str(k): v for k, v in t.parents.items()}}
            for t in patient.trees[:ALTERNATIVES]
        ],
        "newick": document["tree"]["newick"],
        "drivers": document["tables"]["drivers"],
        "packed": _packed(patient),
    }


def _packed(patient: Patient) -> str:
    """Mutations by column as gzipped JSON in base64; CCF and its interval in hundredths."""
    known = patient.document["tables"]["mutations"]["columns"]

    def text(name: str) -> list[Any]:
        if name in known:
            return column(patient.document, "mutations", name)
        return [None] * len(patient.mutations)

    def matrix(values: np.ndarray, scale: float) -> list[list[int]]:
        whole = np.where(np.isnan(values), -1, np.round(values * scale)).astype(np.int64)
        return whole.T.tolist()

    table = {
        "id": patient.mutations,
        "cluster": patient.cluster.tolist(),
        "p": [None if p is None else round(p, 3) for p in text("cluster_probability")],
        "outlier": [None if p is None else round(p, 3) for p in text("outlier_probability")],
        "p_truncal": [None if p is None else round(p, 3) for p in text("p_truncal")],
        "p_clonal": [None if p is None else round(p, 3) for p in text("p_clonal")],
        "gene": text("gene"),
        "hgvsp": text("hgvsp"),
        "chrom": text("chrom"),
        "pos": text("pos"),
        "flags": text("flags"),
        "alt": matrix(np.nan_to_num(patient.alt), 1),
        "depth": matrix(patient.depth, 1),
        "ccf": matrix(patient.ccf, 100),
        "low": matrix(patient.ccf_low, 100),
        "high": matrix(patient.ccf_high, 100),
    }
    raw = json.dumps(table, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(raw.encode(), 6, mtime=0)).decode()


def json_block(value: object) -> str:
    """JSON that can stand in a script element: nothing in it can end the element or open a comment."""
    raw = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char in "<>&\u2028\u2029":
        raw = raw.replace(char, f"\\u{ord(char):04x}")
    return raw


def _static_mutations(patient: Patient) -> list[dict[str, Any]]:
    """Rows for readers without scripts: by clone, the first ones where there are very many."""
    order = np.argsort(np.where(patient.cluster < 0, 10**6, patient.cluster), kind="stable")[
        :STATIC_MUTATIONS
    ]
    columns = patient.document["tables"]["mutations"]["columns"]
    rows = patient.document["tables"]["mutations"]["rows"]
    return [dict(zip(columns, rows[index], strict=True)) for index in order.tolist()]


def _excluded_counts(patient: Patient) -> list[tuple[str, str, int]]:
    counts: dict[tuple[str, str], set[str]] = {}
    for row in patient.records("excluded"):
        counts.setdefault((str(row["stage"]), str(row["reason"])), set()).add(str(row["mutation_id"]))
    found = [(stage, reason, len(ids)) for (stage, reason), ids in counts.items()]
    return sorted(found, key=lambda one: -one[2])


def _shown_share(patient: Patient) -> float | None:
    """What the trees on the page hold of the posterior, where that is not nearly all."""
    share = sum(tree.posterior or 0.0 for tree in _best(patient))
    return share if patient.trees and share < 0.99 else None


def _best(patient: Patient) -> list[Tree]:
    return [tree for tree in patient.trees[:ALTERNATIVES] if (tree.posterior or 0) >= LEAST_POSTERIOR]


def _glance(patient: Patient) -> Markup | None:
    """The tree beside the verdict, unless it is too large for a glance or has no driver to show."""
    shown = patient.consensus
    if not 0 < len(shown.parents) <= 14 or not any(one.clone for one in patient.drivers):
        return None
    return Markup(glance_svg(patient, shown, title=f"Tree of {patient.title} at a glance"))


def _pair(patient: Patient) -> Markup | None:
    at = far_pair(patient)
    return None if at is None else Markup(pair_svg(patient, *at, "vaf", title="Mutations in two samples"))


def _markup(svg: str | None) -> Markup | None:
    return None if svg is None else Markup(svg)


def style() -> str:
    """The pages' style, with the stand-ins of dark clone colours on a dark page."""
    rules = [
        f'svg [fill="{light}"]{{fill:light-dark({light},{dark})}}'
        f'svg [stroke="{light}"]{{stroke:light-dark({light},{dark})}}'
        f'.chip[style*="{light}"]{{background:light-dark({light},{dark})!important}}'
        for light, dark in ON_DARK.items()
    ]
    return asset("templates/style.css") + "".join(rules)


def _code(name: str) -> str:
    """A pinned library's code without the address of its source map."""
    return re.sub(r"(//|/\*)# sourceMappingURL=.*", "", asset(name))


@cache
def packed(text: str) -> str:
    """Text gzipped in base64, which the page unpacks when it needs it."""
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


@cache
def asset(name: str) -> str:
    """Text of a file that ships with the package."""
    return (_HERE / name).read_text(encoding="utf-8")


def with_code(text: str) -> Markup:
    """Text whose parts between backticks, names of settings and columns, are set as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup().join(
        Markup("<code>{}</code>").format(part) if i % 2 else escape(part) for i, part in enumerate(parts)
    )


def template(name: str) -> Any:
    """A page template; values are escaped unless they are `Markup`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        probability=words.probability,
        percent=words.percent,
        fraction=words.fraction,
        plain=words.plain,
        role=words.role,
        spaced=words.spaced,
        with_code=with_code,
        listed=words.listed,
    )
    return environment.get_template(name)
