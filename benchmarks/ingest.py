"""The ingest benchmark: `truncal counts` on a large VCF beside `bcftools query` printing the same fields."""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import Report
from truncal.copynumber.genome import LENGTHS

HELP = "reading a 100,000-record, five-sample VCF"
RECORDS = 100_000
SAMPLES = tuple(f"R{i}" for i in range(1, 6))
CSQ = (
    "Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|BIOTYPE|EXON|INTRON|HGVSc|HGVSp|CDS_position|"
    "Protein_position|Amino_acids|Codons|ALLELE_NUM|STRAND|VARIANT_CLASS|CANONICAL|MANE_SELECT"
)
REPEATS = 3
PER_SAMPLE = "[%CHROM:%POS:%REF:%ALT\\t%SAMPLE\\t%AD\\t%CHROM\\t%POS\\t%REF\\t%ALT\\t%FILTER{info}\\n]"


def run(options: argparse.Namespace, report: Report) -> None:
    """Time both on the same file in turn; the best of three runs each, seconds of wall clock and of CPU."""
    tool = shutil.which("bcftools")
    if tool is None:
        raise SystemExit("the ingest benchmark needs bcftools")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = {}
        for title, transcripts in (("Mutect2-like", 0), ("with VEP annotation", 8)):
            vcf = write_vcf(folder / f"{transcripts}.vcf", transcripts)
            sheet = folder / f"{transcripts}.tsv"
            lines = ["patient\tsample\tvcf\tpurity", *(f"P\t{name}\t{vcf.name}\t0.7" for name in SAMPLES)]
            sheet.write_text("\n".join(lines) + "\n")
            info = "\\t%INFO/CSQ" if transcripts else ""
            ours = [sys.executable, "-m", "truncal", "counts", "--samples", str(sheet), "--patient", "P"]
            commands = {
                "truncal": [*ours, "--out", str(folder / "out")],
                "bcftools": [tool, "query", "-f", PER_SAMPLE.format(info=info), str(vcf)],
            }
            best = {name: (float("inf"), float("inf")) for name in commands}
            for _ in range(REPEATS):
                for name, command in commands.items():
                    best[name] = min(best[name], _time(command, folder / "query.txt"))
            (wall, cpu), (their_wall, their_cpu) = best["truncal"], best["bcftools"]
            rows[title] = {
                "truncal_s": wall, "truncal_cpu": cpu, "bcftools_s": their_wall, "bcftools_cpu": their_cpu,
                "ratio": wall / their_wall, "cpu_ratio": cpu / their_cpu,
            }  # fmt: skip
            report.progress(title, rows[title])
        columns = ("truncal_s", "truncal_cpu", "bcftools_s", "bcftools_cpu", "ratio", "cpu_ratio")
        report.table(f"counts of {RECORDS} records in {len(SAMPLES)} samples", rows, columns, keep=2)


def _time(command: list[str], out: Path) -> tuple[float, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    # an installed package has its bytecode, whatever this shell says
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with out.open("wb") as handle:
        subprocess.run(command, check=True, stdout=handle, env=env)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def write_vcf(path: Path, transcripts: int, records: int = RECORDS) -> Path:
    """A bgzipped Mutect2-like VCF, each record with the consequences on `transcripts` transcripts."""
    import pysam

    rng = random.Random(1)
    chromosomes = {name: LENGTHS["GRCh38"][name] for name in map(str, range(1, 23))}
    each = records // len(chromosomes) + 1
    with path.open("w") as out:
        out.write(_header(chromosomes, transcripts))
        written = 0
        for name, length in chromosomes.items():
            for pos in sorted(rng.sample(range(1000, length - 1000), min(each, records - written))):
                out.write(_record(name, pos, rng, transcripts))
                written += 1
    pysam.tabix_compress(str(path), f"{path}.gz", force=True)
    return Path(f"{path}.gz")


def _header(chromosomes: dict[str, int], transcripts: int) -> str:
    lines = ["##fileformat=VCFv4.2", '##FILTER=<ID=weak_evidence,Description="x">', "##source=Mutect2"]
    lines += [f"##contig=<ID=chr{name},length={length}>" for name, length in chromosomes.items()]
    lines += [
        f'##INFO=<ID={name},Number={number},Type={kind},Description="x">'
        for name, number, kind in (("DP", "1", "Integer"), ("TLOD", "A", "Float"))
    ]
    if transcripts:
        lines.append(f'##INFO=<ID=CSQ,Number=.,Type=String,Description="From Ensembl VEP. Format: {CSQ}">')
    lines += [
        f'##FORMAT=<ID={name},Number={number},Type={kind},Description="x">'
        for name, number, kind in (
            ("GT", "1", "String"),
            ("AD", "R", "Integer"),
            ("AF", "A", "Float"),
            ("DP", "1", "Integer"),
            ("F1R2", "R", "Integer"),
            ("F2R1", "R", "Integer"),
            ("SB", "4", "Integer"),
        )
    ]
    return (
        "\n".join(lines)
        + "\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t"
        + "\t".join(SAMPLES)
        + "\n"
    )


def _record(chromosome: str, pos: int, rng: random.Random, transcripts: int) -> str:
    ref, alt = rng.sample("ACGT", 2)
    kind = rng.random()
    if kind < 0.05:
        alt = ref + "".join(rng.choices("ACGT", k=rng.randint(1, 3)))
    elif kind < 0.1:
        ref, alt = ref + "".join(rng.choices("ACGT", k=rng.randint(1, 3))), ref
    cells = []
    for _ in SAMPLES:
        depth, reads = rng.randint(40, 200), rng.randint(0, 40)
        rest = depth - reads
        cells.append(
            f"0/1:{rest},{reads}:{reads / depth:.3f}:{depth}:{rest // 2},{reads // 2}:{rest - rest // 2},"
            f"{reads - reads // 2}:{rest // 2},{rest - rest // 2},{reads // 2},{reads - reads // 2}"
        )
    info = f"DP=600;TLOD={50 * rng.random():.2f}"
    if transcripts:
        gene = f"GENE{rng.randint(1, 20000)}"
        info += ";CSQ=" + ",".join(
            f"{alt}|missense_variant|MODERATE|{gene}|ENSG{gene}|Transcript|"
            f"ENST{rng.randint(10**9, 10**10)}.3|protein_coding|3/12||ENST.3:c.{31 * t + 2}A>G|"
            f"ENSP.1:p.Lys{10 * t + 1}Arg|{31 * t + 2}|{10 * t + 1}|K/R|aAa/aGa|1|1|SNV|"
            f"{'YES' if t == 3 else ''}|{'NM_1.2' if t == 3 else ''}"
            for t in range(transcripts)
        )
    keep = "PASS" if rng.random() < 0.9 else "weak_evidence"
    return (
        f"chr{chromosome}\t{pos}\t.\t{ref}\t{alt}\t.\t{keep}\t{info}\tGT:AD:AF:DP:F1R2:F2R1:SB\t"
        + "\t".join(cells)
        + "\n"
    )
