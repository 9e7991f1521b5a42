"""The written files say what the tumour holds, to readers other than our own."""

from __future__ import annotations

import gzip
import json
import subprocess
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from truncal.simulate.called_segments import call_copy_number
from truncal.simulate.parameters import CopyNumberEvent, Driver, SimulationParameters
from truncal.simulate.tumour import Tumour, simulate_tumour
from truncal.simulate.write import Output, write_cohort
from truncal.tables import read_table

L858R_MNV, EXON_19, INSERTION, T790M, C797S = "RD0002", "RD0012", "RD0020", "RD0024", "RD0025"


def _tumour(**changes) -> Tumour:
    values = {
        "patient": "P1",
        "regions": 2,
        "clones": 3,
        "mutations": 60,
        "depth": 300.0,
        "drivers": (Driver(L858R_MNV, 1), Driver(T790M, 2, 0.2), Driver(C797S, 2, 0.5, partner=T790M)),
        "filtered": 4,
        "germline": 2,
        "reads": True,
        "parents": (0, 1, 1),
        "proportions": ((0.3, 0.4), (0.4, 0.5), (0.3, 0.1)),
        "wgd": 0.0,
    }
    return simulate_tumour(SimulationParameters(**(values | changes)), 21)


@pytest.fixture(scope="module")
def tumour() -> Tumour:
    return _tumour()


def _expected(tumour: Tumour, sample: int) -> dict[str, tuple[int, int]]:
    return {
        name: (int(tumour.depth[i, sample] - tumour.alt[i, sample]), int(tumour.alt[i, sample]))
        for i, name in enumerate(tumour.mutation_ids())
        if tumour.called[i, sample]
    }


def test_mutect2_vcf(tumour: Tumour, tmp_path: Path) -> None:
    from cyvcf2 import VCF

    write_cohort(tmp_path, [(tumour, Output("vcf", "mutect2"))])
    reader = VCF(str(tmp_path / "P1" / "P1_R1.mutect2.vcf.gz"))
    assert reader.samples == ["P1_N", "P1_R1"]
    found, rejected = {}, 0
    for record in reader:
        if record.FILTER is not None:
            rejected += 1
            continue
        name = f"{record.CHROM}:{record.POS}:{record.REF}:{record.ALT[0]}"
        found[name] = tuple(record.format("AD")[1].tolist())
        assert record.format("DP")[1][0] == sum(found[name])
    assert found == _expected(tumour, 0)
    assert rejected == 4


def test_joint_vcf(tumour: Tumour, tmp_path: Path) -> None:
    from cyvcf2 import VCF

    write_cohort(tmp_path, [(tumour, Output("vcf", "mutect2", joint=True))])
    reader = VCF(str(tmp_path / "P1" / "P1.vcf.gz"))
    assert reader.samples == ["P1_N", "P1_R1", "P1_R2"]
    names = {
        f"{record.CHROM}:{record.POS}:{record.REF}:{record.ALT[0]}"
        for record in reader
        if record.FILTER is None
    }
    assert names == set(_expected(tumour, 0)) | set(_expected(tumour, 1))
    sheet = read_table(tmp_path / "samples.tsv")
    assert sheet.text("vcf") == ["P1/P1.vcf.gz"] * 2
    assert sheet.text("vcf_sample") == ["P1_R1", "P1_R2"]


def test_strelka2_vcf_splits_mnvs(tumour: Tumour, tmp_path: Path) -> None:
    from cyvcf2 import VCF

    write_cohort(tmp_path, [(tumour, Output("vcf", "strelka2"))])
    expected = _expected(tumour, 1)
    mnv = next(name for name in expected if name.endswith(":TG:GT"))
    counts = expected.pop(mnv)
    expected |= {"chr7:55191822:T:G": counts, "chr7:55191823:G:T": counts}
    found = {}
    for record in VCF(str(tmp_path / "P1" / "P1_R2.strelka2.vcf.gz")):
        if record.FILTER is not None:
            continue
        alt = record.ALT[0]
        if len(record.REF) == len(alt):
            pair = tuple(int(record.format(f"{base}U")[1][0]) for base in (record.REF, alt))
        else:
            pair = int(record.format("TAR")[1][0]), int(record.format("TIR")[1][0])
        found[f"{record.CHROM}:{record.POS}:{record.REF}:{alt}"] = pair
    assert found == expected


def test_bcftools_agrees(tumour: Tumour, tmp_path: Path, bcftools: str) -> None:
    for caller, normal in (("mutect2", "P1_N"), ("strelka2", "NORMAL")):
        write_cohort(tmp_path / caller, [(tumour, Output("vcf", caller))])
        path = tmp_path / caller / "P1" / f"P1_R1.{caller}.vcf.gz"
        done = subprocess.run(
            [bcftools, "query", "-r", "chr7:55000000-56000000", "-f", "%POS\n", str(path)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert "55181378" in done.stdout and not done.stderr
        samples = subprocess.run(
            [bcftools, "query", "-l", str(path)], capture_output=True, text=True, check=True
        )
        assert samples.stdout.split()[0] == normal


@pytest.mark.parametrize("caller", ["mutect2", "strelka2"])
@pytest.mark.parametrize("build", ["GRCh37", "GRCh38"])
def test_our_reader_takes_the_vcfs(caller: str, build: str, tmp_path: Path) -> None:
    from cyvcf2 import VCF

    tumour = _tumour(build=build, sex="male", reads=False)
    write_cohort(tmp_path, [(tumour, Output("vcf", caller))])
    contigs = VCF(str(next(tmp_path.glob("P1/*_R1.*.vcf.gz")))).seqnames
    assert contigs[0] == ("chr1" if build == "GRCh38" else "1")


def test_segments_cover_every_mutation(tmp_path: Path) -> None:
    for style, columns in (
        ("ascat", ("chr", "startpos", "endpos")),
        ("battenberg", ("chr", "startpos", "endpos")),
        ("purple", ("chromosome", "start", "end")),
    ):
        tumour = _tumour(copy_number_style=style, reads=False, copy_number_noise=0.0)
        write_cohort(tmp_path / style, [(tumour, Output())])
        sheet = read_table(tmp_path / style / "samples.tsv")
        table = read_table(tmp_path / style / (sheet.text("segments")[0] or ""))
        chrom, start, end = (table.text(name) for name in columns)
        called = call_copy_number(tumour)
        major = (
            "nMajor" if style == "ascat" else "nMaj1_A" if style == "battenberg" else "majorAlleleCopyNumber"
        )
        for index, name in enumerate(tumour.mutation_ids()):
            where, pos = name.split(":")[0], int(name.split(":")[1])
            hit = [
                row
                for row in range(len(table))
                if chrom[row] == where and int(start[row] or 0) <= pos <= int(end[row] or 0)
            ]
            assert len(hit) == 1
            value = float(table.text(major)[hit[0]] or "nan")
            assert abs(value - called.major[tumour.mutations.segment[index], 0]) < 1e-3


def _bases(path: Path, chrom: str, position: int) -> dict[str, str]:
    """Read name → base at a 1-based position, both mates agreeing."""
    import pysam

    out: dict[str, str] = {}
    with pysam.AlignmentFile(str(path)) as reads:
        for column in reads.pileup(
            chrom,
            position - 1,
            position,
            truncate=True,
            min_base_quality=0,
            ignore_overlaps=False,
            max_depth=100_000,
        ):
            for read in column.pileups:
                if read.query_position is not None:
                    base = read.alignment.query_sequence[read.query_position]
                    assert out.setdefault(read.alignment.query_name, base) == base
    return out


@pytest.mark.parametrize("phase", ["cis", "trans"])
def test_bam_shows_phase_and_counts(phase: str, tmp_path: Path) -> None:
    drivers = (Driver(T790M, 1, 0.2), Driver(C797S, 1, 0.5, partner=T790M, phase=phase))
    tumour = _tumour(drivers=drivers, error_rate=0.0, build="GRCh37")
    write_cohort(tmp_path, [(tumour, Output())])
    for sample in range(2):
        path = tmp_path / "P1" / f"P1_R{sample + 1}.bam"
        t790, c797 = _bases(path, "7", 55249071), _bases(path, "7", 55249091)
        for (index, _), bases, (ref, alt) in zip(
            tumour.mutations.drivers.items(), (t790, c797), (("C", "T"), ("T", "A")), strict=True
        ):
            seen = list(bases.values())
            assert seen.count(alt) == tumour.alt[index, sample]
            assert seen.count(ref) == tumour.depth[index, sample] - tumour.alt[index, sample]
        both = [(t790[name], c797[name]) for name in t790.keys() & c797.keys()]
        assert len(both) > 50
        pairs = set(both)
        if phase == "cis":
            assert pairs == {("C", "T"), ("T", "A")}
        else:
            assert pairs == {("C", "T"), ("T", "T"), ("C", "A")}


def test_bam_holds_indels_and_mnvs(tmp_path: Path) -> None:
    import pysam

    drivers = (Driver(EXON_19, 1), Driver(INSERTION, 1), Driver(L858R_MNV, 1))
    tumour = _tumour(drivers=drivers, error_rate=0.0)
    write_cohort(tmp_path, [(tumour, Output())])
    deleted, inserted, names = set(), set(), set()
    with pysam.AlignmentFile(str(tmp_path / "P1" / "P1_R1.bam")) as reads:
        for read in reads:
            assert not read.is_unmapped and read.is_proper_pair
            assert read.infer_query_length() == len(read.query_sequence) == 100
            names.add((read.query_name, read.is_read1))
            for operation, length in read.cigartuples:
                if operation == 2:
                    assert length == 15
                    deleted.add(read.query_name)
                elif operation == 1:
                    assert length == 9
                    inserted.add(read.query_name)
    assert {(name, first) for name, _ in names for first in (True, False)} == names
    index = {found.resistance_id: i for i, found in tumour.mutations.drivers.items()}
    # a read may hold the event with too little beyond it to count
    assert tumour.alt[index[EXON_19], 0] <= len(deleted) <= 1.1 * tumour.alt[index[EXON_19], 0] + 5
    assert 0.8 * tumour.alt[index[INSERTION], 0] <= len(inserted) <= 1.1 * tumour.alt[index[INSERTION], 0] + 5


@pytest.mark.parametrize("build", ["GRCh37", "GRCh38"])
def test_force_counting_the_bam_gives_the_counts_of_the_vcf(build: str, tmp_path: Path) -> None:
    from truncal.reads.bam import count_sites

    drivers = (Driver(L858R_MNV, 1), Driver(EXON_19, 2), Driver(T790M, 2, 0.2), Driver(INSERTION, 1))
    tumour = _tumour(drivers=drivers, build=build, error_rate=0.002)
    write_cohort(tmp_path, [(tumour, Output())])
    index = list(tumour.mutations.drivers)
    sites = list(tumour.mutations.drivers.values())
    for sample, name in enumerate(tumour.parameters.sample_names):
        found = count_sites(
            tmp_path / "P1" / f"{name}.bam",
            [site.chrom for site in sites],
            [site.pos for site in sites],
            [site.ref for site in sites],
            [site.alt for site in sites],
        )
        # fragments that end beside an indel, and misread bases of an MNV, are judged by each in its own way
        assert np.allclose(found.alt, tumour.alt[index, sample], rtol=0.12, atol=4)
        assert np.allclose(found.depth, tumour.depth[index, sample], rtol=0.12, atol=4)
        assert found.alt[2] == tumour.alt[index[2], sample]  # an SNV: exactly


def test_errors_are_in_the_reads(tumour: Tumour, tmp_path: Path) -> None:
    noisy = _tumour(error_rate=0.02, drivers=(Driver(T790M, 1),))
    write_cohort(tmp_path, [(noisy, Output())])
    bases = list(_bases(tmp_path / "P1" / "P1_R1.bam", "chr7", 55181378).values())
    assert 0 < len([base for base in bases if base not in "CT"]) < 0.05 * len(bases)


def test_counts_table(tmp_path: Path) -> None:
    tumour = _tumour(reads=False, copy_number_style="battenberg", events=(CopyNumberEvent(2, "gain", "7"),))
    write_cohort(tmp_path, [(tumour, Output("counts"))])
    table = read_table(tmp_path / "P1" / "counts.tsv")
    rows = list(table.rows())
    assert len(rows) == tumour.called.sum()
    for sample, name in enumerate(tumour.parameters.sample_names):
        found = {
            row["mutation_id"]: (int(row["ref_counts"] or 0), int(row["alt_counts"] or 0))
            for row in rows
            if row["sample_id"] == name
        }
        assert found == _expected(tumour, sample)
    seventh = [row for row in rows if row["chrom"] == "chr7"]
    assert {row["major_cn_2"] for row in seventh} != {None}
    assert read_table(tmp_path / "samples.tsv").text("counts") == ["P1/counts.tsv"] * 2


def test_pairtree_files(tmp_path: Path) -> None:
    p = SimulationParameters(
        patient="D1", clones=5, mutations=200, diploid=True, sex="male", artefacts=0.0, purity_error=0.0
    )
    tumour = simulate_tumour(p, 3)
    write_cohort(tmp_path, [(tumour, Output("counts"))])
    document = json.loads((tmp_path / "D1" / "D1.clusters.json").read_text())
    rows = {row["id"]: row for row in read_table(tmp_path / "D1" / "D1.ssm").rows()}
    assert document["samples"] == list(p.sample_names)
    assert sorted(chain.from_iterable(document["clusters"])) == sorted(rows)
    ids = tumour.mutation_ids()
    for clone, members in enumerate(document["clusters"], start=1):
        for member in members:
            index = ids.index(rows[member]["name"] or "")
            assert tumour.mutations.cluster[index] == clone
            assert rows[member]["var_reads"] == ",".join(map(str, tumour.alt[index].tolist()))
            chance = [float(value) for value in (rows[member]["var_read_prob"] or "").split(",")]
            assert np.allclose(np.array(chance) * tumour.ccf[index], tumour.vaf[index], atol=0.01)


def test_truth_tables(tumour: Tumour, tmp_path: Path) -> None:
    write_cohort(tmp_path, [(tumour, Output())])
    truth = tmp_path / "truth"
    rows = list(read_table(truth / "mutations.tsv").rows())
    order = [(row["chrom"], int(row["pos"] or 0)) for row in rows]
    assert len(set(order)) == len(order)
    named = {row["mutation_id"]: row for row in rows}
    for index, name in enumerate(tumour.mutation_ids()):
        assert named[name]["cluster_id"] == str(tumour.mutations.cluster[index])
        assert named[name]["clonal"] in (None, "true" if tumour.clonal[index] else "false")
    drivers = list(read_table(truth / "drivers.tsv").rows())
    assert [row["resistance_id"] for row in drivers] == [L858R_MNV, T790M, C797S]
    assert drivers[2]["partner"] == T790M and drivers[2]["phase"] == "cis"
    proportions = read_table(truth / "proportions.tsv")
    assert len(proportions) == 6


def test_files_are_the_same_every_time(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_cohort(tmp_path / name, [(_tumour(), Output("vcf", "strelka2"))])
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(files) > 12
    for path in files:
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()


def test_demo_is_what_the_command_writes(project: Path, tmp_path: Path) -> None:
    """Compared by content: the bytes of bgzip depend on the zlib at hand."""
    import pysam

    from truncal.simulate.demo import write_demo

    write_demo(tmp_path)
    committed = project / "resources" / "demo"
    files = sorted(path.relative_to(committed) for path in committed.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert sum((committed / path).stat().st_size for path in files) < 3_000_000
    for path in files:
        if path.suffix in (".csi", ".tbi"):
            continue
        pair = [committed / path, tmp_path / path]
        if path.suffix == ".gz":
            assert gzip.decompress(pair[0].read_bytes()) == gzip.decompress(pair[1].read_bytes())
        elif path.suffix == ".bam":
            texts = []
            for name in pair:
                with pysam.AlignmentFile(str(name)) as reads:
                    texts.append([str(reads.header), *(read.to_string() for read in reads)])
            assert texts[0] == texts[1]
        else:
            assert pair[0].read_bytes() == pair[1].read_bytes()
