"""The step as a command: files in, files out, faults together, the same output every time."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from tumours import write_table

from truncal.cli import main
from truncal.drivers.detection import excluded_ccf
from truncal.drivers.tumour import read_tumour
from truncal.drivers.write import DRIVERS, TABLES

COUNTS = (
    "mutation_id sample_id ref_counts alt_counts major_cn minor_cn normal_cn tumour_content chrom "
    "pos ref alt gene "
    "hgvsp transcript"
)


def patient(folder: Path) -> Path:
    """Two regions: L858R on the trunk, T790M in one branch, C797S below it, a stop in RB1, a passenger."""
    listed = [
        ("L", "7", 55191822, "T", "G", "EGFR", "NA", "NA", (0.40, 0.41), 1),
        ("T", "7", 55181378, "C", "T", "EGFR", "p.Thr790Met", "ENST00000275493.7", (0.20, 0.0), 2),
        ("C", "7", 55181398, "T", "A", "EGFR", "NA", "NA", (0.10, 0.0), 3),
        ("R", "13", 48367556, "C", "T", "RB1", "p.Arg320Ter", "ENST00000267163.6", (0.66, 0.67), 1),
        ("P", "1", 1000, "A", "C", "NA", "NA", "NA", (0.40, 0.40), 1),
    ]
    counts, mutations, ccf = [], [], []
    for name, chrom, pos, ref, alt, gene, hgvsp, transcript, vafs, clone in listed:
        clonal = clone == 1
        mutations.append(
            (name, clone, 0.99, 0.001, 0.99 if clonal else 0.01, 0.96 if clonal else 0, 0.9, "NA")
        )
        for sample, vaf in zip(("R1", "R2"), vafs, strict=True):
            reads = round(200 * vaf)
            minor = 0 if gene == "RB1" else 1
            counts.append(
                (
                    name,
                    sample,
                    200 - reads,
                    reads,
                    1,
                    minor,
                    2,
                    0.8,
                    chrom,
                    pos,
                    ref,
                    alt,
                    gene,
                    hgvsp,
                    transcript,
                )
            )
            share = round(vaf / 0.4, 2) if gene != "RB1" else 1
            ccf.append(
                (name, sample, reads, 200, share, max(share - 0.1, 0), min(share + 0.1, 1), share, 0, 0, 1)
            )
    write_table(folder / "counts" / "counts.tsv", COUNTS, counts)
    write_table(
        folder / "counts" / "samples.tsv",
        "sample_id kind site timepoint day sex purity ploidy wgd median_depth n_called n_not_called",
        [("R1", "tissue", "lobe", 2, 400, "female", 0.8, 2, "false", 200, 5, 0),
         ("R2", "tissue", "lobe", 1, 0, "female", 0.8, 2, "false", 200, 5, 0)],
    )  # fmt: skip
    write_table(
        folder / "counts" / "segments.tsv",
        "sample_id chrom start end major_cn minor_cn major_cn_2 minor_cn_2 cn_fraction_2",
        [(sample, chrom, 1, 100_000_000, 1, minor, "NA", "NA", "NA")
         for sample in ("R1", "R2") for chrom, minor in (("1", 1), ("7", 1), ("13", 0), ("17", 1))]
        + [(sample, "7", 110_000_000, 120_000_000, major, 1, "NA", "NA", "NA")
           for sample, major in (("R1", 8), ("R2", 1))],
    )  # fmt: skip
    step = {"summary": {"build": "GRCh38"}, "parameters": {}, "inputs": [], "warnings": []}
    (folder / "counts" / "step.json").write_text(json.dumps(step), encoding="utf-8")
    tree = folder / "phylogeny"
    write_table(
        tree / "mutations.tsv",
        "mutation_id cluster_id cluster_probability outlier_probability p_truncal p_clonal "
        "p_next_region flags",
        mutations,
    )
    write_table(
        tree / "ccf.tsv",
        "mutation_id sample_id alt_counts depth ccf ccf_low ccf_high dcf dcf_low dcf_high multiplicity",
        ccf,
    )
    dcf = {1: (1.0, 1.0), 2: (0.5, 0.0), 3: (0.25, 0.0)}
    write_table(
        tree / "clusters.tsv",
        "cluster_id sample_id n_mutations dcf dcf_low dcf_high dcf_tree",
        [(k, s, 20, v, max(v - 0.03, 0), min(v + 0.03, 1), v) for k, own in dcf.items()
         for s, v in zip(("R1", "R2"), own, strict=True)],
    )  # fmt: skip
    write_table(
        tree / "trees.tsv",
        "tree_id posterior log_likelihood parents",
        [(1, 0.7, -10, "1:0;2:1;3:2"), (2, 0.3, -11, "1:0;2:1;3:1")],
    )
    return folder


def run(folder: Path, out: Path, *more: str) -> int:
    given = ["--counts", str(folder / "counts" / "counts.tsv"), "--phylogeny", str(folder / "phylogeny")]
    return main(["drivers", *given, "--out", str(out), "--quiet", *more])


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_all_files_with_their_columns(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(patient(tmp_path), out) == 0
    for name, columns in {"drivers": DRIVERS, **TABLES}.items():
        assert (out / f"{name}.tsv").read_text(encoding="utf-8").split("\n")[0].split("\t") == list(columns)
    step = json.loads((out / "step.json").read_text(encoding="utf-8"))
    assert step["summary"]["n_drivers"] == len(table(out / "drivers.tsv"))
    assert step["summary"]["build"] == "GRCh38"


def test_what_the_rows_say(tmp_path: Path) -> None:
    out = tmp_path / "out"
    treatments = write_table(tmp_path / "t.tsv", "patient drug start end", [("P", "osimertinib", 10, 390)])
    assert run(patient(tmp_path), out, "--treatments", str(treatments)) == 0
    drivers = {row["event_id"]: row for row in table(out / "drivers.tsv")}
    assert set(drivers) == {
        "EGFR:L858R", "EGFR:T790M", "EGFR:C797S", "RB1:R320*", "RB1:biallelic loss", "MET:amplification",
    }  # fmt: skip
    assert [drivers[f"EGFR:{name}"]["label"] for name in ("L858R", "T790M", "C797S")] == [
        "clonal", "subclonal", "subclonal",
    ]  # fmt: skip
    assert drivers["EGFR:T790M"]["grch37"] == "chr7:55249071:C>T"
    assert (drivers["EGFR:C797S"]["parent"], drivers["EGFR:C797S"]["parent_support"]) == ("2", "0.7")
    assert (
        drivers["EGFR:T790M"]["regions_present"] == "1" and drivers["EGFR:T790M"]["regions_assessable"] == "2"
    )
    assert "verified" in drivers["EGFR:L858R"]["evidence"]
    assert drivers["RB1:R320*"]["drugs_resistant"] == "NA"
    power = [row for row in table(out / "power.tsv") if row["event_id"] == "EGFR:T790M"]
    assert [row["sample_id"] for row in power] == ["R2"] and 0 < float(power[0]["ccf_excluded_95"]) < 0.06
    timing = {row["event_id"]: row for row in table(out / "timing.tsv")}
    assert timing["EGFR:C797S"]["sample_before"] == "R2" and timing["EGFR:C797S"]["verdict"] in (
        "acquired", "undeterminable",
    )  # fmt: skip
    assert [row["verdict"] for row in table(out / "phase.tsv")] == ["not_assessable"]
    status = {(row["cluster_id"], row["drug_class"]): row for row in table(out / "coverage.tsv")}
    assert status["3", "EGFR TKI, 3rd generation"]["status"] == "resistant"
    assert float(status["3", "EGFR TKI, 1st generation"]["probability"]) == 0.7
    classes = {row["class"] for row in table(out / "not_assessable.tsv")}
    assert {"non_genomic", "fusion"} <= classes and "cn_gain" not in classes


def test_same_bytes_again(tmp_path: Path) -> None:
    patient(tmp_path)
    assert run(tmp_path, tmp_path / "a") == run(tmp_path, tmp_path / "b") == 0
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_user_s_table_replaces_or_extends(tmp_path: Path) -> None:
    patient(tmp_path)
    own = write_table(
        tmp_path / "own.tsv",
        "gene alteration alteration_class role grch38 drugs_sensitive evidence_level pmids",
        [("XYZ", "A1C", "snv", "bypass", "chr1:1000:A>C", "drugX", "B", "123")],
    )
    for key, expected in (("table", {"XYZ:A1C"}), ("extend", {"XYZ:A1C", "EGFR:L858R"})):
        out = tmp_path / key
        assert run(tmp_path, out, "--settings", json.dumps({"drivers": {key: str(own)}})) == 0
        found = {row["event_id"]: row for row in table(out / "drivers.tsv")}
        assert expected <= set(found)
        assert found["XYZ:A1C"]["sources"] == "PMID:123"
    assert "EGFR:L858R" not in {row["event_id"] for row in table(tmp_path / "table" / "drivers.tsv")}


def test_faults_come_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    patient(tmp_path)
    own = write_table(
        tmp_path / "own.tsv",
        "gene alteration alteration_class role grch38",
        [
            ("X", "A", "snv", "wrong", "chr1:5:A>C"),
            ("X", "B", "odd", "bypass", "chr1-5-A-C"),
            ("X", "C", "snv", "bypass", "NA"),
        ],
    )
    assert run(tmp_path, tmp_path / "out", "--settings", json.dumps({"drivers": {"table": str(own)}})) == 2
    said = capsys.readouterr().err
    assert said.count("own.tsv") >= 3 and "row 2, column role" in said and "row 3, column grch38" in said
    assert not (tmp_path / "out" / "drivers.tsv").exists()
    assert run(tmp_path, tmp_path / "out", "--bams", "R1", "--treatments", str(tmp_path / "none.tsv")) == 2
    said = capsys.readouterr().err
    assert "SAMPLE=FILE" in said and "none.tsv: no such file" in said


def test_without_build_alleles_decide_it(tmp_path: Path) -> None:
    patient(tmp_path)
    (tmp_path / "counts" / "step.json").unlink()
    assert run(tmp_path, tmp_path / "out") == 0
    assert json.loads((tmp_path / "out" / "step.json").read_text())["summary"]["build"] == "GRCh38"


def test_without_build_and_listed_alleles_exons_decide_it(tmp_path: Path) -> None:
    """An exon 19 deletion that only its class knows, in GRCh37."""
    patient(tmp_path)
    (tmp_path / "counts" / "step.json").unlink()
    path = tmp_path / "counts" / "counts.tsv"
    lines = [
        line
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.split("\t")[0] in ("mutation_id", "L")
    ]
    text = "\n".join(lines).replace("\t55191822\tT\tG\t", "\t55242462\tCAAGGAATTAAGAGAA\tC\t") + "\n"
    path.write_text(text, encoding="utf-8")
    assert run(tmp_path, tmp_path / "out") == 0
    assert json.loads((tmp_path / "out" / "step.json").read_text())["summary"]["build"] == "GRCh37"
    (row,) = [row for row in table(tmp_path / "out" / "drivers.tsv") if row["mutation_id"] == "L"]
    assert "RD0285" in row["evidence"]


def test_reference_bases_of_another_build_are_a_warning(tmp_path: Path) -> None:
    patient(tmp_path)
    path = tmp_path / "counts" / "counts.tsv"
    text = path.read_text(encoding="utf-8").replace("\t55181398\tT\tA\t", "\t55181398\tG\tA\t")
    path.write_text(text, encoding="utf-8")
    assert run(tmp_path, tmp_path / "out") == 0
    step = json.loads((tmp_path / "out" / "step.json").read_text())
    assert "reference_mismatch" in {warning["code"] for warning in step["warnings"]}


def test_oncokb_export(tmp_path: Path) -> None:
    patient(tmp_path)
    own = tmp_path / "oncokb.tsv"
    header = ["Level", "Gene", "Alterations", "Cancer Types", "Drugs (for therapeutic implications only)"]
    lines = [
        ["1", "EGFR", "L858R, Exon 19 in-frame deletions", "NSCLC", "Osimertinib, Afatinib"],
        ["R2", "EGFR", "T790M", "NSCLC", "Gefitinib"],
        ["1", "NOGENE", "V1E", "NSCLC", "X"],
    ]
    own.write_text("\n".join("\t".join(line) for line in [header, *lines]) + "\n", encoding="utf-8")
    assert run(tmp_path, tmp_path / "out", "--settings", json.dumps({"drivers": {"oncokb": str(own)}})) == 0
    drivers = {row["event_id"]: row for row in table(tmp_path / "out" / "drivers.tsv")}
    assert "OncoKB:2.1, level A" in drivers["EGFR:L858R"]["evidence"]
    assert "OncoKB level R2" in drivers["EGFR:T790M"]["evidence"]


def test_civic_table(tmp_path: Path, shared: Path) -> None:
    patient(tmp_path)
    civic = shared / "data" / "knowledge" / "civic_2021-02_evidence.tsv.gz"
    assert run(tmp_path, tmp_path / "out", "--settings", json.dumps({"drivers": {"civic": str(civic)}})) == 0
    drivers = {row["event_id"]: row for row in table(tmp_path / "out" / "drivers.tsv")}
    evidence = drivers["EGFR:T790M"]["evidence"]
    assert "CIViC:EID" in evidence and "RD0024" in evidence
    assert "CIViC:EID" in drivers["MET:amplification"]["evidence"]
    assert drivers["EGFR:L858R"]["conflicts"] is not None


def test_samples_come_in_the_order_of_the_sheet(tmp_path: Path) -> None:
    given = patient(tmp_path)
    path = given / "counts" / "samples.tsv"
    before = read_tumour(given / "counts" / "counts.tsv", given / "phylogeny")
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([head, *lines[::-1]]) + "\n", encoding="utf-8")
    after = read_tumour(given / "counts" / "counts.tsv", given / "phylogeny")
    assert after.sample_ids == before.sample_ids[::-1]
    assert (after.alt == before.alt[:, ::-1]).all() and (after.scale == before.scale[:, ::-1]).all()
    assert (after.clones.dcf == before.clones.dcf[:, ::-1]).all()


def test_power_takes_the_clones_overdispersion_and_purity(tmp_path: Path) -> None:
    """More variance and a lower purity than given: fewer reads exclude less."""
    given = patient(tmp_path)
    plain = read_tumour(given / "counts" / "counts.tsv", given / "phylogeny")
    assert np.isinf(plain.precision).all() or (plain.precision > 1e9).all()
    learned = {"overdispersion": {"R1": 0.01, "R2": 0.0}, "purity_factor": {"R1": 1.0, "R2": 0.5}}
    step = {"summary": learned, "parameters": {}, "inputs": [], "warnings": []}
    (given / "phylogeny" / "step.json").write_text(json.dumps(step), encoding="utf-8")
    found = read_tumour(given / "counts" / "counts.tsv", given / "phylogeny")
    assert found.precision[0] == pytest.approx(99)
    assert found.scale[0, 0] == pytest.approx(0.4) and found.scale[0, 1] == pytest.approx(0.2)
    wider = excluded_ccf(0, 200, 0.4, 0.001, found.precision[0])
    assert wider > excluded_ccf(0, 200, 0.4, 0.001, plain.precision[0])
