"""The reads benchmark: force-counting against fragments of known origin, and its speed."""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

import numpy as np

from benchmarks.report import Report
from truncal.reads.bam import count_sites

HELP = "force-counting of SNVs, MNVs, indels and complex changes"
KINDS = ["snv", "mnv", "ins", "del", "complex"]
SHOWN = ("sites", "within_one", *KINDS, "ins_30", "vaf_bias", "sites_per_cpu_s")


def run(options: argparse.Namespace, report: Report) -> None:
    """Count in simulated BAMs as written, and as bwa mem aligns the same reads where it is installed."""
    generator = _generator()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        warm = generator.simulate(folder / "warm", KINDS, seed=1)
        count_sites(warm.path, *warm.columns())  # compiled code is loaded once, before the clock starts
        rows = {}
        for title, settings in {
            "random sequence": {"seed": 11},
            "half the indels in repeats": {"seed": 12, "repeats": 0.5},
            "150-base reads": {"seed": 13, "read_length": 150, "repeats": 0.3},
            "targets 10 kb apart": {"seed": 14, "gap": 10_000},
            "75-base reads": {"seed": 16, "read_length": 75, "repeats": 0.3},
        }.items():
            planted = generator.simulate(folder / title, KINDS * 120, nuisance=0.0, **settings)
            rows[title] = _score(planted, planted.path)
            if shutil.which("bwa") and shutil.which("samtools"):
                rows[f"{title}, bwa mem"] = _score(planted, _realigned(planted, folder))
        report.table("force-counting: share of sites within one fragment of the truth", rows, SHOWN, keep=2)
        if shutil.which("bcftools"):
            report.table(
                "SNVs at 100x: sites per CPU second",
                _speed(generator, folder),
                ("truncal", "mpileup"),
                keep=2,
            )


def _generator() -> ModuleType:
    """The simulator of the tests."""
    path = Path(__file__).parents[1] / "tests" / "bam" / "bam_simulated.py"
    spec = importlib.util.spec_from_file_location("bam_simulated", path)
    if spec is None or spec.loader is None:
        raise SystemExit("the tests' simulator is missing; run from a checkout")
    module = importlib.util.module_from_spec(spec)
    sys.modules["bam_simulated"] = module
    spec.loader.exec_module(module)
    return module


def _score(planted, path: Path) -> dict[str, float]:
    start = time.process_time()
    counts = count_sites(path, *planted.columns())
    seconds = time.process_time() - start
    ref = np.array([site.true_ref for site in planted.sites])
    alt = np.array([site.true_alt for site in planted.sites])
    close = (abs(counts.ref - ref) <= 1) & (abs(counts.alt - alt) <= 1)
    kind = np.array([site.kind for site in planted.sites])
    size = np.array([len(site.alt) for site in planted.sites])
    bias = counts.alt / np.maximum(counts.depth, 1) - alt / np.maximum(ref + alt, 1)
    return {
        "sites": len(close),
        "within_one": close.mean(),
        **{name: close[kind == name].mean() for name in KINDS},
        "ins_30": close[(kind == "ins") & (size > 30)].mean(),
        "vaf_bias": bias.mean(),
        "sites_per_cpu_s": len(close) / seconds,
    }


def _realigned(planted, folder: Path) -> Path:
    """The same reads, aligned by bwa mem."""
    import pysam

    pairs: dict[str, dict[bool, tuple[str, str]]] = {}
    complement = str.maketrans("ACGT", "TGCA")
    with pysam.AlignmentFile(str(planted.path)) as reads:
        for read in reads:
            bases, quality = read.query_sequence, read.query_qualities_str
            if read.is_read2 and not read.is_unmapped:
                bases, quality = bases.translate(complement)[::-1], quality[::-1]
            pairs.setdefault(read.query_name, {})[read.is_read2] = bases, quality
    fastq = [folder / "1.fq", folder / "2.fq"]
    for mate, path in enumerate(fastq):
        path.write_text(
            "".join(
                f"@{name}\n{pair[bool(mate)][0]}\n+\n{pair[bool(mate)][1]}\n" for name, pair in pairs.items()
            )
        )
    out = folder / "bwa.bam"
    subprocess.run(["bwa", "index", planted.fasta], check=True, capture_output=True)
    aligned = subprocess.run(["bwa", "mem", planted.fasta, *fastq], check=True, capture_output=True).stdout
    subprocess.run(["samtools", "sort", "-o", out, "-"], input=aligned, check=True, capture_output=True)
    pysam.index(str(out))
    return out


def _speed(generator: ModuleType, folder: Path) -> dict[str, dict[str, float]]:
    rows = {}
    for title, gap in {"every 400 bases": 0, "targets 10 kb apart": 10_000}.items():
        planted = generator.simulate(folder / f"speed{gap}", ["snv"] * 2000, nuisance=0.0, gap=gap, seed=15)
        start = time.process_time()
        count_sites(planted.path, *planted.columns())
        seconds = time.process_time() - start
        targets = folder / "targets.tsv"
        targets.write_text("".join(f"chr1\t{site.pos}\n" for site in planted.sites))
        command = [
            "bcftools",
            "mpileup",
            "-f",
            planted.fasta,
            "-B",
            "-A",
            "-q",
            "20",
            "-Q",
            "20",
            "-d",
            "10000",
        ]
        command += ["-a", "AD", "-R", targets, "-o", folder / "pileup.vcf", planted.path]
        before = _children_cpu()
        subprocess.run([*map(str, command)], check=True, capture_output=True)
        rows[title] = {"truncal": 2000 / seconds, "mpileup": 2000 / (_children_cpu() - before)}
    return rows


def _children_cpu() -> float:
    import resource

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
