"""The counts step on small files: merging, filters, copy number, sex chromosomes, the tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from patient_files import SEGMENT_HEADER, call_counts, record, run_counts, vcf_text, whole_genome, write_sheet

R1 = [
    record("1", 100, "A", "T", "80,20"),
    record("1", 200, "C", "G", "60,40"),
    record("7", 300, "G", "GA", "50,50"),
]
R2 = [record("1", 100, "A", "T", "70,30"), record("7", 400, "T", "C", "90,10")]


def _two(folder: Path, **more) -> list[dict]:
    (folder / "R1.vcf").write_text(vcf_text(["R1"], R1))
    (folder / "R2.vcf").write_text(vcf_text(["R2"], R2))
    (folder / "R1.seg").write_text(whole_genome("R1"))
    (folder / "R2.seg").write_text(whole_genome("R2", major=2))
    return [
        {
            "patient": "P",
            "sample": n,
            "vcf": f"{n}.vcf",
            "segments": f"{n}.seg",
            "purity": p,
            "sex": "female",
            **more,
        }
        for n, p in (("R1", 0.8), ("R2", 0.6))
    ]


def test_regions_are_merged_and_what_a_region_lacks_is_listed_as_not_called(tmp_path: Path) -> None:
    outcome = call_counts(write_sheet(tmp_path, _two(tmp_path)))
    assert outcome.code == 0, outcome.stderr
    counts = {(row["mutation_id"], row["sample_id"]): row for row in outcome.table("counts")}
    assert {key: (row["ref_counts"], row["alt_counts"]) for key, row in counts.items()} == {
        ("1:100:A:T", "R1"): ("80", "20"),
        ("1:100:A:T", "R2"): ("70", "30"),
        ("1:200:C:G", "R1"): ("60", "40"),
        ("7:300:G:GA", "R1"): ("50", "50"),
        ("7:400:T:C", "R2"): ("90", "10"),
    }
    first = counts["1:100:A:T", "R2"]
    assert (first["major_cn"], first["minor_cn"], first["normal_cn"], first["tumour_content"]) == (
        "2",
        "1",
        "2",
        "0.6",
    )
    assert (first["segment"], first["source"], first["error_rate"]) == ("1:1-249250621", "vcf", "0.001")
    assert (first["chrom"], first["pos"], first["ref"], first["alt"]) == ("1", "100", "A", "T")
    absent = {(row["mutation_id"], row["sample_id"]): row for row in outcome.table("not_called")}
    assert set(absent) == {("1:200:C:G", "R2"), ("7:300:G:GA", "R2"), ("7:400:T:C", "R1")}
    assert absent["1:200:C:G", "R2"]["major_cn"] == "2"
    samples = outcome.table("samples")
    assert [(s["n_called"], s["n_not_called"], s["wgd"], s["ploidy"]) for s in samples] == [
        ("3", "1", "false", "2"),
        ("2", "2", "true", "3"),
    ]
    assert outcome.step["summary"] == {"build": "GRCh37", "n_mutations": 4, "excluded": {}}
    assert "not_called" in outcome.warnings
    assert {row["name"] for row in outcome.step["inputs"]} == {
        "R1.vcf",
        "R2.vcf",
        "R1.seg",
        "R2.seg",
    }


def test_one_multi_sample_file_gives_what_single_files_give(tmp_path: Path) -> None:
    rows = _two(tmp_path)
    single = call_counts(write_sheet(tmp_path, rows)).table("counts")
    both = [
        record("1", 100, "A", "T", "70,30", "80,20"),
        "1\t200\t.\tC\tG\t.\tPASS\t.\tGT:AD\t./.:.\t0/1:60,40",
        "7\t300\t.\tG\tGA\t.\tPASS\t.\tGT:AD\t./.:.,.\t0/1:50,50",
        "7\t400\t.\tT\tC\t.\tPASS\t.\tGT:AD\t0/1:90,10\t./.:.",
    ]
    (tmp_path / "both.vcf").write_text(vcf_text(["R2", "R1"], both))
    for row in rows:
        row["vcf"] = "both.vcf"
    outcome = call_counts(write_sheet(tmp_path, rows))
    assert outcome.table("counts") == single
    assert len(outcome.table("not_called")) == 3


def test_naming_with_and_without_chr_is_one_genome(tmp_path: Path) -> None:
    rows = _two(tmp_path)
    plain = call_counts(write_sheet(tmp_path, rows)).table("counts")
    chr_records = ["chr" + text for text in R2]
    (tmp_path / "R2.vcf").write_text(vcf_text(["R2"], chr_records, prefix="chr"))
    last = {**plain[-1], "mutation_id": "chr7:400:T:C", "chrom": "chr7"}
    assert call_counts(write_sheet(tmp_path, rows)).table("counts") == [*plain[:-1], last]


def test_single_region_runs_and_says_what_it_cannot_tell(tmp_path: Path) -> None:
    outcome = call_counts(write_sheet(tmp_path, _two(tmp_path)[:1]))
    assert outcome.code == 0
    assert "Only one sample" in outcome.warnings["single_region"]


def test_every_filter_leaves_a_reason(tmp_path: Path) -> None:
    header = (
        '##INFO=<ID=SS,Number=1,Type=String,Description="Somatic status">\n'
        '##INFO=<ID=gnomAD_AF,Number=A,Type=Float,Description="frequency">\n'
        '##INFO=<ID=POPAF,Number=A,Type=Float,Description="negative log 10 population allele frequencies">\n'
    )
    records = [
        record("1", 100, "A", "T", "80,20", "50,0"),
        record("1", 200, "A", "T", "80,20", "50,0", filters="weak;clustered"),
        record("1", 300, "A", "T", "80,20", "50,0", info="SS=1"),
        record("1", 400, "A", "T,G", "80,20,10", "50,0,0", info="gnomAD_AF=0.0001,0.2"),
        record("1", 500, "A", "T", "80,20", "50,0", info="POPAF=1.0"),
        record("1", 600, "A", "T", "80,20", "50,0"),
        record("1", 700, "A", "T", "80,20", "30,20"),
        record("1", 800, "A", "T", "80,0", "50,0"),
        record("1", 900, "A", "T", "0,0", "50,0"),
        record("1", 950, "A", "T", "3,2", "50,0"),
        record("1", 960, "A", "<DEL>", "80,20", "50,0"),
        record("1", 970, "A", "T", "80,20", "50,0"),
        record("1", 970, "A", "T", "70,20", "50,0"),
        record("1", 980, "A", "T", "80,20", "50,0", info="SS=2"),
        record("1", 990, "A", "T", "80,20", "50,0", filters="."),
        record("7", 10, "A", "T", "80,20", "50,0"),
        record("17", 10, "A", "T", "80,20", "50,0"),
    ]
    (tmp_path / "R1.vcf").write_text(vcf_text(["R1", "NORMAL"], records, header=header))
    (tmp_path / "bad.bed").write_text("# regions\nchr1\t599\t600\n")
    (tmp_path / "R1.seg").write_text(SEGMENT_HEADER + "R1\t1\t1\t249250621\t1\t1\nR1\t7\t1\t100\t0\t0\n")
    rows = [{"patient": "P", "sample": "R1", "vcf": "R1.vcf", "segments": "R1.seg", "purity": 0.8}]
    reads = {"blacklist": str(tmp_path / "bad.bed"), "max_normal_vaf": 0.1, "min_depth": 10}
    outcome = call_counts(write_sheet(tmp_path, rows), settings={"reads": reads})
    assert outcome.code == 0, outcome.stderr
    reasons = {row["mutation_id"]: row["reason"] for row in outcome.table("excluded")}
    assert reasons == {
        "1:200:A:T": "filter",
        "1:300:A:T": "not_somatic",
        "1:400:A:G": "population_frequency",
        "1:500:A:T": "population_frequency",
        "1:600:A:T": "blacklist",
        "1:700:A:T": "normal_reads",
        "1:800:A:T": "no_alt_reads",
        "1:900:A:T": "zero_depth",
        "1:950:A:T": "low_depth",
        "1:960:A:<DEL>": "not_a_mutation",
        "1:970:A:T": "duplicate",
        "7:10:A:T": "zero_copies",
        "17:10:A:T": "no_copy_number",
    }
    counts = {row["mutation_id"]: row for row in outcome.table("counts")}
    assert set(counts) == {"1:100:A:T", "1:400:A:T", "1:970:A:T", "1:980:A:T", "1:990:A:T"}
    # at a site with two alternatives the other one's reads do not carry this one
    assert (counts["1:400:A:T"]["ref_counts"], counts["1:400:A:T"]["alt_counts"]) == ("90", "20")
    assert (counts["1:100:A:T"]["normal_alt"], counts["1:100:A:T"]["normal_depth"]) == ("0", "50")
    assert counts["1:970:A:T"]["ref_counts"] == "80"
    assert outcome.step["summary"]["excluded"]["population_frequency"] == 2


def test_filters_can_be_widened(tmp_path: Path) -> None:
    records = [
        record("1", 100, "A", "T", "8,9", filters="Tier1"),
        record("1", 200, "A", "T", "8,9", filters="low"),
    ]
    (tmp_path / "R1.vcf").write_text(vcf_text(["R1"], records))
    sheet = write_sheet(tmp_path, [{"patient": "P", "sample": "R1", "vcf": "R1.vcf", "purity": 0.8}])
    allowed = call_counts(sheet, settings={"reads": {"pass_filters": ["Tier1"]}})
    assert [row["pos"] for row in allowed.table("counts")] == ["100"]
    everything = call_counts(sheet, settings={"reads": {"pass_only": False}})
    assert [row["pos"] for row in everything.table("counts")] == ["100", "200"]


def test_a_site_that_passes_in_one_region_is_kept_in_all(tmp_path: Path) -> None:
    rows = _two(tmp_path)
    (tmp_path / "R2.vcf").write_text(vcf_text(["R2"], [record("1", 100, "A", "T", "70,30", filters="weak")]))
    outcome = call_counts(write_sheet(tmp_path, rows))
    assert [r["alt_counts"] for r in outcome.table("counts") if r["pos"] == "100"] == ["20", "30"]


def test_unfiltered_files_are_pointed_out(tmp_path: Path) -> None:
    (tmp_path / "R1.vcf").write_text(vcf_text(["R1"], [record("1", 100, "A", "T", "8,9", filters=".")]))
    sheet = write_sheet(tmp_path, [{"patient": "P", "sample": "R1", "vcf": "R1.vcf", "purity": 0.8}])
    assert "R1.vcf" in call_counts(sheet).warnings["unfiltered_vcf"]


@pytest.mark.parametrize(
    ("sex", "expected"),
    [
        ("male", {"X:5000000:A:T": "1", "X:100000:A:T": "2", "Y:5000000:A:T": "1"}),
        ("female", {"X:5000000:A:T": "2", "X:100000:A:T": "2"}),
    ],
)
def test_normal_copies_follow_sex_and_pseudoautosomal_regions(
    sex: str, expected: dict, tmp_path: Path
) -> None:
    records = [
        record("X", 100_000, "A", "T", "30,30"),
        record("X", 5_000_000, "A", "T", "30,30"),
        record("Y", 5_000_000, "A", "T", "30,30"),
    ]
    (tmp_path / "R1.vcf").write_text(vcf_text(["R1"], records))
    (tmp_path / "R1.seg").write_text(whole_genome())
    row = {"patient": "P", "sample": "R1", "vcf": "R1.vcf", "segments": "R1.seg", "purity": 0.8, "sex": sex}
    outcome = call_counts(write_sheet(tmp_path, [row]))
    assert {r["mutation_id"]: r["normal_cn"] for r in outcome.table("counts")} == expected
    if sex == "female":
        assert outcome.table("excluded")[0]["reason"] == "no_copy_number"


def test_sex_is_not_asked_for_where_x_has_no_copy_number_anyway(tmp_path: Path) -> None:
    (tmp_path / "R1.vcf").write_text(vcf_text(["R1"], [*R1, record("X", 5_000_000, "A", "T", "30,30")]))
    (tmp_path / "R1.seg").write_text(SEGMENT_HEADER + "R1\t1\t1\t5000\t1\t1\nR1\t7\t1\t5000\t1\t1\n")
    row = {"patient": "P", "sample": "R1", "vcf": "R1.vcf", "segments": "R1.seg", "purity": 0.8}
    outcome = call_counts(write_sheet(tmp_path, [row]))
    assert outcome.code == 0
    assert [r["reason"] for r in outcome.table("excluded")] == ["no_copy_number"]


@pytest.mark.parametrize(
    ("missing", "expected"),
    [("exclude", ["1:100:A:T"]), ("nearest", ["2", "2"]), ("normal", ["2", "1"])],
)
def test_mutations_outside_all_segments(missing: str, expected: list[str], tmp_path: Path) -> None:
    (tmp_path / "R1.vcf").write_text(vcf_text(["R1"], R1[:2]))
    (tmp_path / "R1.seg").write_text(SEGMENT_HEADER + "R1\t1\t1\t150\t2\t1\n")
    row = {"patient": "P", "sample": "R1", "vcf": "R1.vcf", "segments": "R1.seg", "purity": 0.8}
    outcome = call_counts(write_sheet(tmp_path, [row]), settings={"copy_number": {"missing": missing}})
    rows = outcome.table("counts")
    assert [r["mutation_id" if missing == "exclude" else "major_cn"] for r in rows] == expected


def test_without_segments_and_purity_both_are_assumed_loudly(tmp_path: Path) -> None:
    records = [record("1", 1000 * i, "A", "T", f"{130 + i % 7},{70 - i % 7}") for i in range(1, 40)]
    (tmp_path / "R1.vcf").write_text(vcf_text(["R1"], records))
    outcome = call_counts(write_sheet(tmp_path, [{"patient": "P", "sample": "R1", "vcf": "R1.vcf"}]))
    assert outcome.code == 0, outcome.stderr
    sample = outcome.table("samples")[0]
    assert 0.6 < float(sample["purity"]) < 0.75
    assert float(sample["purity_low"]) < float(sample["purity"]) < float(sample["purity_high"])
    assert sample["purity_source"] == "estimated"
    assert {"no_segments", "purity_estimated"} <= set(outcome.warnings)
    assert outcome.table("segments") == []
    assert {(row["major_cn"], row["minor_cn"], row["segment"]) for row in outcome.table("counts")} == {
        ("1", "1", "NA")
    }


def test_segments_with_total_copies_only_are_pointed_out(tmp_path: Path) -> None:
    (tmp_path / "R1.vcf").write_text(vcf_text(["R1"], R1))
    lines = "chromosome\tstart\tend\tgene\tlog2\tcn\tdepth\tprobes\tweight\n"
    lines += "1\t0\t249250621\t-\t0\t3\t9\t9\t9\n7\t0\t159138663\t-\t0\t1\t9\t9\t9\n"
    (tmp_path / "R1.call.cns").write_text(lines)
    row = {"patient": "P", "sample": "R1", "vcf": "R1.vcf", "segments": "R1.call.cns", "purity": 0.8}
    outcome = call_counts(write_sheet(tmp_path, [row]))
    assert outcome.code == 0, outcome.stderr
    assert "marginalised" in outcome.warnings["total_copy_number"]
    states = {(row["chrom"], row["major_cn"], row["minor_cn"]) for row in outcome.table("counts")}
    assert states == {("1", "3", "NA"), ("7", "1", "NA")}


def test_a_counts_table_may_lack_minor_copy_numbers(tmp_path: Path) -> None:
    header = "mutation_id\tsample_id\tref_counts\talt_counts\tmajor_cn\tminor_cn\tnormal_cn\n"
    (tmp_path / "t.tsv").write_text(header + "m\tA\t60\t40\t3\tNA\t2\nn\tA\t60\t40\tNA\tNA\t2\n")
    row = {"patient": "P", "sample": "A", "counts": "t.tsv", "purity": 0.8}
    outcome = call_counts(write_sheet(tmp_path, [row]))
    assert outcome.code == 0, outcome.stderr
    assert [(row["major_cn"], row["minor_cn"]) for row in outcome.table("counts")] == [("3", "NA")]
    assert [row["reason"] for row in outcome.table("excluded")] == ["no_copy_number"]
    assert "A (50% of its sites)" in outcome.warnings["total_copy_number"]


def test_names_say_what_a_counts_table_has_no_columns_for(tmp_path: Path) -> None:
    header = "mutation_id\tsample_id\tref_counts\talt_counts\tmajor_cn\tminor_cn\tnormal_cn"
    names = ("EGFR.L858R", "7:55259515:T:G", "m3")
    lines = [header, *(f"{name}\tA\t80\t20\t1\t1\t2" for name in names)]
    (tmp_path / "t.tsv").write_text("\n".join(lines) + "\n")
    row = {"patient": "P", "sample": "A", "counts": "t.tsv", "purity": 0.8}
    outcome = call_counts(write_sheet(tmp_path, [row]))
    facts = ("chrom", "pos", "ref", "alt", "gene", "hgvsp")
    assert [[row[name] for name in facts] for row in outcome.table("counts")] == [
        ["NA"] * 4 + ["EGFR", "p.L858R"],
        ["7", "55259515", "T", "G", "NA", "NA"],
        ["NA"] * 6,
    ]
    assert "names of 2 of 3 mutations" in outcome.warnings["named"]

    (tmp_path / "t.tsv").write_text("\n".join([f"{header}\tgene", "EGFR.L858R\tA\t80\t20\t1\t1\t2\tEGFR"]))
    outcome = call_counts(write_sheet(tmp_path, [row]))
    assert outcome.table("counts")[0]["hgvsp"] == "NA" and "named" not in outcome.warnings


def test_mnv_parts_are_joined_where_phase_says_so(tmp_path: Path) -> None:
    formats = (
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="g">\n##FORMAT=<ID=AD,Number=R,Type=Integer,Description="a">\n'
        '##FORMAT=<ID=PID,Number=1,Type=String,Description="p">\n##FORMAT=<ID=PGT,Number=1,Type=String,Description="p">\n'
        '##FORMAT=<ID=PS,Number=1,Type=Integer,Description="p">\n'
    )

    def phased(
        pos: int, ref: str, alt: str, ad: str, pid: str = ".", pgt: str = ".", gt: str = "0/1", ps: str = "."
    ) -> str:
        return f"7\t{pos}\t.\t{ref}\t{alt}\t.\tPASS\t.\tGT:AD:PGT:PID:PS\t{gt}:{ad}:{pgt}:{pid}:{ps}"

    first = [
        phased(55259515, "T", "G", "60,40", "55259515_T_G", "0|1"),  # L858R as TG>GT, split
        phased(55259516, "G", "T", "61,39", "55259515_T_G", "0|1"),
        phased(100, "A", "T", "60,40", "100_A_T", "0|1"),  # in trans
        phased(101, "C", "G", "60,38", "100_A_T", "1|0"),
        phased(200, "A", "T", "60,40"),  # nobody says
        phased(201, "C", "G", "60,40"),
        phased(300, "A", "T", "20,80", "300_A_T", "0|1"),  # in cis, but a second hit on some of the copies
        phased(301, "C", "G", "90,10", "300_A_T", "0|1"),
        phased(400, "A", "T", "60,40", gt="0|1", ps="400"),  # phase set and genotype
        phased(401, "C", "G", "60,41", gt="0|1", ps="400"),
        phased(402, "G", "A", "60,42", gt="0|1", ps="400"),
    ]
    second = [phased(55259515, "T", "G", "70,30"), phased(55259516, "G", "T", "72,28")]
    for name, records in (("R1", first), ("R2", second)):
        (tmp_path / f"{name}.vcf").write_text(vcf_text([name], records, formats=formats))
    rows = [{"patient": "P", "sample": name, "vcf": f"{name}.vcf", "purity": 0.8} for name in ("R1", "R2")]
    outcome = call_counts(write_sheet(tmp_path, rows))
    counts = {
        (r["mutation_id"], r["sample_id"]): (r["ref_counts"], r["alt_counts"])
        for r in outcome.table("counts")
    }
    assert counts["7:55259515:TG:GT", "R1"] == ("61", "39")
    assert counts["7:55259515:TG:GT", "R2"] == ("72", "28")
    assert ("7:400:ACG:TGA", "R1") in counts
    assert {mutation for mutation, _ in counts} == {
        "7:55259515:TG:GT", "7:100:A:T", "7:101:C:G", "7:200:A:T", "7:201:C:G", "7:300:A:T", "7:301:C:G",
        "7:400:ACG:TGA",
    }  # fmt: skip
    joined = [row for row in outcome.table("excluded") if row["reason"] == "joined"]
    assert len(joined) == 5
    assert joined[0]["detail"].startswith("part of ")
    apart = call_counts(write_sheet(tmp_path, rows), settings={"reads": {"join_mnvs": False}})
    assert len({row["mutation_id"] for row in apart.table("counts")}) == 11


def test_a_region_with_the_parts_takes_the_change_that_another_region_has_whole(tmp_path: Path) -> None:
    whole = [record("7", 55259515, "TG", "GT", "60,40")]
    parts = [record("7", 55259515, "T", "G", "70,30"), record("7", 55259516, "G", "T", "72,28")]
    for name, records in (("R1", whole), ("R2", parts)):
        (tmp_path / f"{name}.vcf").write_text(vcf_text([name], records))
    rows = [{"patient": "P", "sample": name, "vcf": f"{name}.vcf", "purity": 0.8} for name in ("R1", "R2")]
    outcome = call_counts(write_sheet(tmp_path, rows))
    found = [
        (r["mutation_id"], r["sample_id"], r["ref_counts"], r["alt_counts"]) for r in outcome.table("counts")
    ]
    assert found == [("7:55259515:TG:GT", "R1", "60", "40"), ("7:55259515:TG:GT", "R2", "72", "28")]
    assert outcome.table("not_called") == []


def test_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path, _two(tmp_path))
    names = ("counts.tsv", "not_called.tsv", "samples.tsv", "segments.tsv", "excluded.tsv", "step.json")
    assert run_counts(sheet).code == 0
    first = {name: (tmp_path / "out" / name).read_bytes() for name in names}
    assert run_counts(sheet, "P", None, "--threads", "2").code == 0
    assert first == {name: (tmp_path / "out" / name).read_bytes() for name in names}


TABLE = (
    "mutation_id\tsample_id\tref_counts\talt_counts\tmajor_cn\tminor_cn\tnormal_cn\ttumour_content\tgene\n"
)


def test_a_counts_table_is_passed_through(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text(
        TABLE
        + "m 1\tR1\t10\t5\t1.37\t1\t2\t0.8\tEGFR\n"
        + "m 1\tR2\t10\t0\t1\t1\t2\t0.7\tEGFR\n"
        + "m2\tR1\t10\t6\tNA\t1\t2\t0.8\tTP53\n"
        + "m3\tR1\t10\t6\t1\t1\t2\t0.8\tNA\n"
        + "m3\tR2\t0\t0\t1\t1\t2\t0.7\tNA\n"
        + "m4\tR2\t30\t4\t2\t1\t2\t0.7\tNA\n"
        + "m4\tR9\t30\t4\t2\t1\t2\t0.7\tNA\n"
    )
    rows = [{"patient": "P", "sample": name, "counts": "t.tsv", "purity": 0.8} for name in ("R1", "R2")]
    outcome = call_counts(write_sheet(tmp_path, rows))
    assert outcome.code == 0, outcome.stderr
    counts = outcome.table("counts")
    assert [(r["mutation_id"], r["sample_id"], r["major_cn"], r["gene"]) for r in counts] == [
        ("m 1", "R1", "1.37", "EGFR"),
        ("m 1", "R2", "1", "EGFR"),
        ("m3", "R1", "1", "NA"),
        ("m4", "R2", "2", "NA"),
    ]
    assert {r["source"] for r in counts} == {"table"}
    assert [(r["mutation_id"], r["sample_id"]) for r in outcome.table("not_called")] == [("m4", "R1")]
    assert [(r["mutation_id"], r["sample_id"], r["reason"]) for r in outcome.table("excluded")] == [
        ("m3", "R2", "zero_depth"),
        ("m2", "R1", "no_copy_number"),
    ]
    assert "R9" in outcome.warnings["samples_left_out"]
    assert "R2" in outcome.warnings["purity_differs"]


def test_the_build_follows_from_segments_where_no_file_says_it(tmp_path: Path) -> None:
    (tmp_path / "R1.vcf").write_text(vcf_text(["R1"], R1, build=None))
    for build, text in (("GRCh37", whole_genome(build="GRCh37")), ("GRCh38", whole_genome(build="GRCh38"))):
        (tmp_path / "R1.seg").write_text(text)
        row = {"patient": "P", "sample": "R1", "vcf": "R1.vcf", "segments": "R1.seg", "purity": 0.8}
        outcome = call_counts(write_sheet(tmp_path, [row]))
        assert outcome.step["summary"]["build"] == build
        assert build in outcome.warnings["build_inferred"]
    (tmp_path / "R1.vcf").write_text(
        vcf_text(["R1"], [*R1, record("17", 82_000_000, "A", "T", "30,30")], build=None)
    )
    (tmp_path / "R1.seg").write_text(whole_genome(build="GRCh37"))
    outcome = call_counts(write_sheet(tmp_path, [row]))
    assert outcome.code == 2
    assert "segments fit GRCh37 only, the mutations GRCh38 only" in outcome.stderr


def test_segments_beside_a_counts_table_come_back(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text(TABLE + "m1\tR1\t10\t5\t1\t1\t2\t0.8\tEGFR\n")
    (tmp_path / "R1.seg").write_text(whole_genome(major=2))
    row = {"patient": "P", "sample": "R1", "counts": "t.tsv", "segments": "R1.seg"}
    outcome = call_counts(write_sheet(tmp_path, [row]))
    assert outcome.code == 0, outcome.stderr
    assert len(outcome.table("segments")) == 5
    assert (outcome.table("samples")[0]["wgd"], outcome.table("samples")[0]["ploidy"]) == ("true", "3")
    assert outcome.table("counts")[0]["major_cn"] == "1"
