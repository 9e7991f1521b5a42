"""Small files of one patient for the tests of the counts step."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CONTIGS = {
    "GRCh37": {"1": 249250621, "7": 159138663, "17": 81195210, "X": 155270560, "Y": 59373566},
    "GRCh38": {"1": 248956422, "7": 159345973, "17": 83257441, "X": 156040895, "Y": 57227415},
}
FORMAT = """##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Allelic depths">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">
"""


def vcf_text(
    columns: Sequence[str],
    records: Sequence[str],
    *,
    build: str | None = "GRCh37",
    prefix: str = "",
    header: str = "",
    formats: str = FORMAT,
) -> str:
    """A VCF; each record is tab-separated text without the trailing newline, `FORMAT` fields included."""
    lines = ["##fileformat=VCFv4.2"]
    for name, length in CONTIGS[build].items() if build else ():
        lines.append(f"##contig=<ID={prefix}{name},length={length}>")
    text = "\n".join(lines) + "\n" + header + formats
    text += "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t" + "\t".join(columns) + "\n"
    return text + "".join(f"{record}\n" for record in records)


def record(
    chrom: str,
    pos: int,
    ref: str,
    alt: str,
    *ads: str,
    filters: str = "PASS",
    info: str = ".",
    gt: str = "0/1",
) -> str:
    """A record with GT and AD for each column."""
    cells = [f"{gt}:{ad}" for ad in ads]
    return "\t".join([chrom, str(pos), ".", ref, alt, ".", filters, info, "GT:AD", *cells])


SEGMENT_HEADER = "sample\tchr\tstartpos\tendpos\tnMajor\tnMinor\n"


def whole_genome(sample: str = "R1", build: str = "GRCh37", major: int = 1, minor: int = 1) -> str:
    """ASCAT segments, one a chromosome."""
    return SEGMENT_HEADER + "".join(
        f"{sample}\t{name}\t1\t{length}\t{major}\t{minor}\n" for name, length in CONTIGS[build].items()
    )


def write_sheet(folder: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """A sample sheet with the union of the rows' columns."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = ["\t".join(columns)]
    lines += ["\t".join(str(row.get(name, "")) for name in columns) for row in rows]
    path = folder / "samples.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@dataclass(frozen=True)
class Outcome:
    """What a run of `truncal counts` left behind."""

    code: int
    stderr: str
    out: Path

    def table(self, name: str) -> list[dict[str, str]]:
        """Rows of one of the step's tables."""
        lines = (self.out / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
        header = lines[0].split("\t")
        return [dict(zip(header, line.split("\t"), strict=True)) for line in lines[1:]]

    @property
    def step(self) -> dict:
        """step.json."""
        return json.loads((self.out / "step.json").read_text(encoding="utf-8"))

    @property
    def warnings(self) -> dict[str, str]:
        """Warnings, code → text."""
        return {warning["code"]: warning["text"] for warning in self.step["warnings"]}


def run_counts(sheet: Path, patient: str = "P", settings: object = None, *more: str) -> Outcome:
    """Run the command in a process of its own, as a user would."""
    out = sheet.parent / "out"
    command = [sys.executable, "-m", "truncal", "counts", "--samples", str(sheet), "--patient", patient]
    command += ["--out", str(out), *more]
    if settings is not None:
        command += ["--settings", json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return Outcome(done.returncode, done.stderr, out)


def call_counts(sheet: Path, patient: str = "P", settings: Mapping | None = None) -> Outcome:
    """Run the step in this process (faster); a user's error comes back as code 2 with its text."""
    from truncal.counts.run import run_counts as step
    from truncal.errors import UserError
    from truncal.sheet.settings import complete_settings

    out = sheet.parent / "out"
    try:
        step(sheet, patient, out, complete_settings(settings or {}))
    except UserError as error:
        return Outcome(2, str(error), out)
    return Outcome(0, "", out)
