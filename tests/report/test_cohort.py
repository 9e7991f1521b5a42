"""The cohort's tables, MultiQC sections and cBioPortal files; failed patients are named."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from synthetic import make_document

from truncal.cli import main
from truncal.report.cbioportal import MAF, classification, maf_alleles, maf_rows, short_hgvsp
from truncal.report.document import write_document
from truncal.report.patient import patient_of
from truncal.tables import read_table


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    found = []
    for number, how in enumerate([{}, {"hostile": True}, {"days": True, "samples": 3}, {"drivers": False}]):
        folder = tmp_path / "results" / f"P{number}"
        document = make_document(seed=number, **{"patient": f"P{number}", **how})
        write_document(folder / "patient.json", document)
        found.append(folder)
    return found


def test_tables_page_and_failures(folders: list[Path], tmp_path: Path) -> None:
    (tmp_path / "results" / "P7").mkdir()
    listed = tmp_path / "patients.txt"
    listed.write_text("\n".join(map(str, [*folders, tmp_path / "results" / "P7"])) + "\n", encoding="utf-8")
    lost = tmp_path / "failed.tsv"
    lost.write_text("patient\treason\nP9\tcounts: no such file x.vcf\n", encoding="utf-8")
    out = tmp_path / "results" / "cohort"
    arguments = ["--patients-file", str(listed), "--failed", str(lost), "--out", str(out)]
    assert main(["cohort-report", *arguments]) == 0
    summary = {row["patient"]: row for row in read_table(out / "summary.tsv").rows()}
    assert list(summary) == ["P0", "P'1\"</script><b>中", "P2", "P3", "P7", "P9"]
    assert summary["P0"]["n_drivers"] == "6" and summary["P0"]["report"] == "../P0/report.html"
    assert summary["P0"]["n_clonal"] == "2" and summary["P0"]["status"] == "ok"
    assert summary["P7"]["status"] == "failed" and "no such file" in (summary["P7"]["reason"] or "")
    assert summary["P9"]["reason"] == "counts: no such file x.vcf"
    drivers = list(read_table(out / "drivers.tsv").rows())
    assert len(drivers) == 18 and {row["patient"] for row in drivers} == set(list(summary)[:3])
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "2 without a result" in page and "counts: no such file x.vcf" in page
    assert page.count("</script>") == page.count("<script")


def test_multiqc_sections(folders: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "cohort"
    assert main(["cohort-report", "--patients", *map(str, folders), "--out", str(out)]) == 0
    found = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in (out / "multiqc").iterdir()}
    assert set(found) == {f"truncal_{name}_mqc.json" for name in ("qc", "drivers", "labels")}
    assert found["truncal_qc_mqc.json"]["data"]["P0"]["n_samples"] == 4
    assert found["truncal_drivers_mqc.json"]["data"]["EGFR"] == {"Trunk": 3, "Branch": 3, "Undecided": 0}
    assert all({"id", "section_name", "plot_type", "pconfig", "data"} <= set(one) for one in found.values())


def test_no_patient_at_all_is_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cohort-report", "--out", str(tmp_path / "cohort")]) == 2
    assert "--patients" in capsys.readouterr().err


def test_cbioportal_files(folders: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "cohort"
    assert main(["cohort-report", "--patients", *map(str, folders), "--cbioportal", "--out", str(out)]) == 0
    with (out / "cbioportal" / "data_mutations.txt").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert set(rows[0]) == set(MAF)
    assert {row["ASCN.CLONAL"] for row in rows} == {"Clonal", "Subclonal", "Indeterminate"}
    assert all(int(row["t_alt_count"]) > 0 for row in rows)
    meta = (out / "cbioportal" / "meta_mutations.txt").read_text(encoding="utf-8")
    assert "namespaces: ASCN" in meta
    times = (out / "cbioportal" / "data_timeline_treatment.txt").read_text(encoding="utf-8").splitlines()
    assert times[1:] == [
        "P2\t0\t200\tTreatment\tMedical Therapy\tosimertinib",
        "P2\t210\t300\tTreatment\tMedical Therapy\tchemotherapy",
    ]
    study = (out / "cbioportal" / "meta_study.txt").read_text(encoding="utf-8")
    assert "type_of_cancer: mixed\n" in study and "reference_genome: hg38\n" in study
    cases = (out / "cbioportal" / "case_lists" / "cases_sequenced.txt").read_text(encoding="utf-8")
    assert {row["Tumor_Sample_Barcode"] for row in rows} <= set(
        cases.split("case_list_ids: ")[1].strip().split("\t")
    )
    clinical = (out / "cbioportal" / "data_clinical_sample.txt").read_text(encoding="utf-8").splitlines()
    assert clinical[4].startswith("PATIENT_ID\tSAMPLE_ID") and clinical[5].startswith("P0\tP0_R1\t")


def test_a_study_is_asked_for_in_the_settings(folders: list[Path], tmp_path: Path) -> None:
    sheet = tmp_path / "samples.tsv"
    sheet.write_text(
        "patient\tsample\tcounts\n" + f"P0\tP0_R1\t{sheet}\nP2\tP2_R1\t{sheet}\n", encoding="utf-8"
    )
    settings = json.dumps({"cbioportal": {"write": True, "study": "luad_x", "cancer_type": "luad"}})
    out = tmp_path / "results" / "cohort"
    given = ["--samples", str(sheet), "--results", str(tmp_path / "results"), "--settings", settings]
    assert main(["cohort-report", *given, "--out", str(out)]) == 0
    assert [row["patient"] for row in read_table(out / "summary.tsv").rows()] == ["P0", "P2"]
    study = (out / "cbioportal" / "meta_study.txt").read_text(encoding="utf-8")
    assert study.startswith("cancer_study_identifier: luad_x\ntype_of_cancer: luad\n")


def test_a_driver_has_the_label_of_its_table_and_the_others_that_of_their_probability() -> None:
    document = make_document()
    rows = {row["HGVSp"]: row["ASCN.CLONAL"] for row in maf_rows(document, patient_of(document))}
    columns = document["tables"]["mutations"]["columns"]
    for row in document["tables"]["mutations"]["rows"]:
        one = dict(zip(columns, row, strict=True))
        if one["gene"] == "KRAS":
            assert rows[one["hgvsp"]] == "Indeterminate"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ((100, "A", "T"), (100, 100, "A", "T", "SNP")),
        ((100, "TG", "GT"), (100, 101, "TG", "GT", "DNP")),
        ((100, "ATG", "A"), (101, 102, "TG", "-", "DEL")),
        ((100, "A", "ACC"), (100, 101, "-", "CC", "INS")),
        ((100, "AGG", "ATC"), (101, 102, "GG", "TC", "DNP")),
        ((100, "AGG", "AT"), (101, 102, "GG", "T", "DEL")),
    ],
)
def test_alleles_as_maf_writes_them(given: tuple, wanted: tuple) -> None:
    assert maf_alleles(*given) == wanted


@pytest.mark.parametrize(
    ("hgvsp", "kind", "ref", "alt", "short", "wanted"),
    [
        ("NP_005219.2:p.Leu858Arg", "SNP", "T", "G", "p.L858R", "Missense_Mutation"),
        ("p.Glu746_Ala750del", "DEL", "A" * 15, "-", "p.E746_A750del", "In_Frame_Del"),
        ("p.Arg248Ter", "SNP", "C", "T", "p.R248*", "Nonsense_Mutation"),
        ("p.Gly12fs", "INS", "-", "A", "p.G12fs", "Frame_Shift_Ins"),
        ("p.Gly12=", "SNP", "C", "T", "p.G12=", "Silent"),
        ("p.Met1Val", "SNP", "A", "G", "p.M1V", "Translation_Start_Site"),
        ("p.Met123Val", "SNP", "A", "G", "p.M123V", "Missense_Mutation"),
        (None, "SNP", "A", "G", None, "Unknown"),
    ],
)
def test_class_of_a_change(
    hgvsp: str | None, kind: str, ref: str, alt: str, short: str | None, wanted: str
) -> None:
    assert short_hgvsp(hgvsp) == short
    assert classification(hgvsp, kind, ref, alt) == wanted
