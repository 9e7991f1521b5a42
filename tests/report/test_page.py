"""The pages and drawings without a browser: what they say, and that they stay inert."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from synthetic import HOSTILE, make_document

import truncal.report
from truncal.report import palette, words
from truncal.report.cohort import run_cohort
from truncal.report.document import write_document
from truncal.report.figures import FIGURES, rendered
from truncal.report.page import report_html, with_code
from truncal.report.patient import Driver, Tree, patient_of
from truncal.report.proportions import fish_svg
from truncal.report.svg import tag, text
from truncal.report.tree import differences, layout

VENDORS = [Path(truncal.report.__file__).parent / "vendor", Path(__file__).parent / "vendor"]


def data_of(page: str) -> dict:
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert block is not None
    return json.loads(block.group(1))


def test_verdict_names_trunk_branch_and_undecided() -> None:
    page = report_html(make_document())
    lead = re.search(r'class="lead">(.*?)</h2>', page)
    assert lead is not None
    assert lead.group(1) == (
        "4 resistance drivers: none on the trunk, 2 on a branch (EGFR T790M, PIK3CA E545K), "
        "2 undecided (KRAS G12C, MET amplification)."
    )
    assert "P(branch) 0.97" in page and "P(trunk) &gt; 0.99" in page and "not on the tree" in page


def test_a_genomic_allele_names_its_build_the_inputs_where_known() -> None:
    document = make_document()
    table = document["tables"]["drivers"]
    at = table["columns"].index("grch37")
    table["rows"][0][at] = "chr7:55000099:T:G"
    assert "chr7:55000000:T:G (GRCh38)" in report_html(document)
    document["patient"]["build"] = "GRCh37"
    page = report_html(document)
    assert "chr7:55000099:T:G (GRCh37)" in page and "chr7:55000001:T:G (GRCh38)" in page


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ("T790M", "EGFR T790M"),
        ("EGFR exon 19 deletion", "EGFR exon 19 deletion"),
        ("truncating chr10:89717717:NCTGTG>N", "EGFR truncating"),
        ("splice 7:1000:A>T", "EGFR splice"),
    ],
)
def test_a_driver_is_named_without_coordinates(event: str, name: str) -> None:
    assert Driver({"gene": "EGFR", "event": event}, "trunk", 1).name == name


def test_no_driver_is_said_and_not_left_empty() -> None:
    page = report_html(make_document(drivers=False))
    assert "No resistance driver was found among what this input can show." in page
    assert "None identified, based on" in page


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    page = report_html(make_document())
    assert not re.search(r"""(src|href)=["']?(https?:|//)""", page)
    assert "sourceMappingURL" not in page and "default-src 'none'" in page


def test_hostile_ids_stay_text() -> None:
    page = report_html(make_document(hostile=True, samples=10))
    assert (
        "<script>window.broken" not in page
        and "<img src=x" not in page
        and "49" not in data_of(page)["samples"]
    )
    assert data_of(page)["samples"] == HOSTILE
    assert page.count("</script>") == page.count("<script")


def test_data_block_holds_every_mutation() -> None:
    document = make_document()
    data = data_of(report_html(document))
    table = json.loads(gzip.decompress(base64.b64decode(data["packed"])))
    assert table["id"] == [row[0] for row in document["tables"]["mutations"]["rows"]]
    rows = {(row[0], row[1]): row for row in document["tables"]["ccf"]["rows"]}
    for s, sample in enumerate(data["samples"]):
        for at, name in enumerate(table["id"]):
            assert table["alt"][s][at] == rows[name, sample][2]
            assert table["depth"][s][at] == rows[name, sample][3]
            assert abs(table["ccf"][s][at] / 100 - rows[name, sample][4]) <= 0.005 + 1e-9


def test_the_same_document_gives_the_same_page() -> None:
    document = make_document()
    assert report_html(document) == report_html(json.loads(json.dumps(document)))


@pytest.mark.parametrize("hostile", [False, True])
@pytest.mark.parametrize("name", list(FIGURES))
def test_figures_are_well_formed(name: str, hostile: bool) -> None:
    svg = FIGURES[name](patient_of(make_document(days=True, samples=3, hostile=hostile)))
    assert svg is not None
    root = ET.fromstring(rendered(svg, "svg"))
    assert root.tag.endswith("svg") and root.find("{http://www.w3.org/2000/svg}title") is not None
    assert float(root.attrib["width"]) > 0 and "nan" not in svg


def test_the_tree_is_well_formed_where_a_chance_is_below_what_is_shown() -> None:
    document = make_document()
    table = document["tables"]["drivers"]
    column = table["columns"].index("p_truncal")
    for row in table["rows"]:
        row[column] = 1e-6
    edges = document["tables"]["edges"]
    for row in edges["rows"]:
        row[edges["columns"].index("probability")] = 1e-6
    svg = FIGURES["tree"](patient_of(document))
    assert svg is not None and "&lt; 0.01" in svg and "&lt; 1 %" in svg
    ET.fromstring(rendered(svg, "svg"))


def test_clones_set_aside_are_marked_and_losses_and_moves_are_listed() -> None:
    document = make_document()
    tables = document["tables"]
    columns = ["cluster_id", "sample_id", "constraint", "excess", "evidence", "response"]
    tables["infeasible"] = {
        "columns": columns,
        "rows": [
            [5, "R1", "clone 5 (0.40) must not exceed its parent 2 (0.10)", 0.3, "few reads", "set aside"]
        ],
    }
    assert "set aside" not in report_html(make_document())
    tables["losses"]["rows"] = [[2, 4, "R2", 0.4, 31.5]]
    tables["changes"]["rows"] = [[tables["mutations"]["rows"][0][0], 5, 1, 0.97, "clone 5 was set aside"]]
    page = report_html(document)
    assert page.count(">set aside</text>") >= 1 and "What no tree could hold" in page
    assert "Mutated copies lost on a branch" in page
    assert "Mutations that the tree put into another clone" in page


def test_words_in_a_drawing_are_escaped_and_elements_are_not() -> None:
    drawn = tag("g", "a < b & c", tag("title", "<script>"), text(0, 0, '"d"'))
    assert [part.text for part in ET.fromstring(drawn).iter()] == ["a < b & c", "<script>", '"d"']


def test_figures_become_png_and_pdf() -> None:
    pytest.importorskip("vl_convert")
    svg = FIGURES["tree"](patient_of(make_document()))
    assert svg is not None
    assert rendered(svg, "png", 100).startswith(b"\x89PNG") and rendered(svg, "pdf").startswith(b"%PDF")


def test_a_fish_plot_needs_days() -> None:
    assert fish_svg(patient_of(make_document()), title="x") is None


def test_branches_are_as_long_as_their_mutations() -> None:
    patient = patient_of(make_document(clones=12, mutations=2000))
    rows, scale = layout(patient, patient.consensus)
    ends = {0: rows[0].start}
    for row in rows:
        assert row.start == pytest.approx(ends[row.parent])
        length = patient.clones[row.clone].n_mutations * scale
        assert row.end - row.start == pytest.approx(max(44.0, length))
        ends[row.clone] = row.end
    assert len({row.y for row in rows}) == len(rows) == 12


def test_differences_between_trees() -> None:
    one, other = Tree({1: 0, 2: 1, 3: 1}), Tree({1: 0, 2: 1, 3: 2, 4: 1})
    assert differences(other, one) == [(3, 1, 2), (4, None, 1)]


def test_one_clone_one_sample_and_no_clone_are_drawn() -> None:
    assert "TRUNK" in report_html(make_document(clones=1, samples=1, mutations=5))
    document = make_document(clones=1, samples=1, mutations=5, drivers=False)
    for name in ("trees", "edges", "clusters", "proportions"):
        document["tables"][name]["rows"] = []
    document["tree"]["consensus"] = {}
    for row in document["tables"]["mutations"]["rows"]:
        row[1] = -1
    assert "No clone could be placed" in report_html(document)


def test_thirty_clones_have_thirty_marks() -> None:
    marks = {(palette.mark(n).fill, palette.mark(n).shape) for n in range(30)}
    assert len(marks) == 30
    assert all(palette.contrast(palette.mark(n).ink, palette.mark(n).fill) >= 4.5 for n in range(30))


# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB; distances in OKLab.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def least_distance(colours: list[str], sight: np.ndarray) -> float:
    rgb = np.array([[int(one[i : i + 2], 16) / 255 for i in (1, 3, 5)] for one in colours])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ sight.T
    to_lms = np.array(
        [
            [0.41222147, 0.53633254, 0.05144599],
            [0.21190350, 0.68069955, 0.10739696],
            [0.08830246, 0.28171884, 0.62997870],
        ]
    )
    to_lab = np.array(
        [
            [0.21045426, 0.79361779, -0.00407205],
            [1.97799850, -2.42859221, 0.45059371],
            [0.02590404, 0.78277177, -0.80867577],
        ]
    )
    lab = np.cbrt(np.clip(linear, 0, 1) @ to_lms.T) @ to_lab.T
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=2)
    return float(apart[np.triu_indices(len(colours), 1)].min())


@pytest.mark.parametrize("sight", list(SIGHT))
@pytest.mark.parametrize("dark", [False, True])
def test_clone_colours_are_apart_for_every_sight(sight: str, dark: bool) -> None:
    okabe_ito = ["#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"]
    bar = min(least_distance(okabe_ito, matrix) for matrix in SIGHT.values())
    colours = [palette.ON_DARK.get(one, one) if dark else one for one in palette.COLOURS]
    assert least_distance(colours, SIGHT[sight]) >= 0.96 * bar


@pytest.mark.parametrize("folder", VENDORS, ids=["page", "tests"])
def test_vendored_files_are_the_pinned_ones(folder: Path) -> None:
    listed = set()
    for one in json.loads((folder / "manifest.json").read_text(encoding="utf-8")):
        assert one["licence"] and one["licence_file"] in one["files"]
        for name, file in one["files"].items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == file["sha256"], name
            listed.add(name)
    assert {path.name for path in folder.iterdir()} == {*listed, "manifest.json"}


def test_cohort_of_a_hundred_is_small(tmp_path: Path) -> None:
    folders = []
    for number in range(100):
        name = f"P{number:03d}"
        document = make_document(seed=number, patient=name, clones=2 + number % 9, samples=2, mutations=40)
        write_document(tmp_path / name / "patient.json", document)
        folders.append(tmp_path / name)
    run_cohort(folders, {}, tmp_path / "cohort")
    assert (tmp_path / "cohort" / "report.html").stat().st_size <= 5_000_000


def test_several_founders_have_no_trunk_and_ids_need_not_be_consecutive() -> None:
    document = make_document(clones=4)
    for name in ("mutations", "clusters", "proportions", "drivers"):
        table = document["tables"][name]
        at = table["columns"].index("cluster_id")
        for row in table["rows"]:
            row[at] = {1: 1, 2: 4, 3: 9, 4: 17}.get(row[at], row[at])
    document["tree"]["consensus"] = {"1": "0", "4": "0", "9": "4", "17": "9"}
    for row in document["tables"]["trees"]["rows"]:
        row[3] = "1:0;4:0;9:4;17:9"
    document["tables"]["edges"]["rows"] = [[0, 1, 1.0, True], [0, 4, 0.9996, True], [4, 9, 0.0004, True]]
    patient = patient_of(document)
    assert patient.consensus.children[0] == [1, 4]
    page = report_html(document)
    assert "TRUNK" not in page and ">17<" in page
    assert "&gt; 99 %" in page and "&lt; 1 %" in page and "100 %" in page


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(None, "–"), (0.0, "0 %"), (0.001, "< 1 %"), (0.5, "50 %"), (0.999, "> 99 %"), (1.0, "100 %")],
)
def test_shares_are_never_rounded_to_all_or_nothing(value: float | None, wanted: str) -> None:
    assert words.percent(value) == wanted


def test_sample_names_lose_the_patients_id_only_where_all_have_it() -> None:
    document = make_document(samples=2, patient="P1")
    for names, short in (
        (["P1_a", "P1_b"], ["a", "b"]),
        (["P1_a", "b"], ["P1_a", "b"]),
        (["P1", "P1-b"], ["P1", "P1-b"]),
    ):
        for row, name in zip(document["samples"], names, strict=True):
            row["sample_id"] = name
        assert patient_of(document).short == short


def test_trees_that_are_not_shown_are_counted() -> None:
    document = make_document(clones=6)
    table = document["tables"]["trees"]
    table["rows"] = [[n + 1, 0.05, -100.0 - n, table["rows"][n % 2][3]] for n in range(20)]
    document["tree"]["n_trees_95"] = 19
    page = report_html(document)
    assert "19 trees hold 95 % of it, the trees shown here 40 %" in page


def test_a_set_that_leaves_clones_is_not_called_a_cover() -> None:
    document = make_document()
    said = "No set of listed drug classes reaches every clone."
    assert said in report_html(document)
    table = document["tables"]["polytargeting"]
    table["rows"][0][table["columns"].index("clones_uncovered")] = None
    assert said not in report_html(document)


def test_names_of_settings_are_set_as_code_and_the_rest_escaped() -> None:
    assert with_code("set by `absent`; <b>") == "set by <code>absent</code>; &lt;b&gt;"
    assert with_code("`<i>`") == "<code>&lt;i&gt;</code>"
    assert with_code("one ` alone") == "one ` alone"


def test_a_purity_that_the_clones_put_right_is_shown_beside_the_given_one() -> None:
    document = make_document()
    names = [sample["sample_id"] for sample in document["samples"]]
    document["summaries"]["clones"] = {"purity_factor": {names[0]: 0.5, names[1]: 1.04}}
    page = report_html(document)
    assert "0.60; 0.30 found</td>" in page and page.count(" found</td>") == 1


@pytest.mark.parametrize("summaries", [None, [], {"clones": 3}, {"clones": {"purity_factor": "x"}}])
def test_a_document_without_purities_found_has_its_page(summaries: object) -> None:
    document = make_document()
    document["summaries"] = summaries
    assert " found</td>" not in report_html(document)
    name = document["samples"][0]["sample_id"]
    for factor in (10**400, "2", None, float("nan"), -3):
        document["summaries"] = {"clones": {"purity_factor": {name: factor}}}
        assert " found</td>" not in report_html(document)
