"""Gene and protein change of every mutation: the files' own annotation, else `bcftools csq`."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

from truncal.copynumber.genome import canonical
from truncal.counts.union import Union
from truncal.errors import Fault, UserError
from truncal.reads.annotation import Source, bcsq_parser
from truncal.reads.effects import NOTHING, Effect, choose
from truncal.reads.reference import Reference
from truncal.tables import open_text

COLUMNS = ("gene", "hgvsp", "hgvsc", "transcript")


def annotate(
    union: Union, reads: Mapping[str, Any], reference: Reference | None, warnings: list[tuple[str, str]]
) -> dict[str, list[str | None]]:
    """Columns gene, hgvsp, hgvsc and transcript, each with one entry a mutation (None: nothing known).

    Raises
    ------
    UserError
        a GFF3 is given and can't be used.

    """
    effects = [raw.effect() if raw is not None else NOTHING for raw in union.annotation]
    bare = []
    if reads["gff3"] is not None:
        bare = [i for i, effect in enumerate(effects) if _unsaid(effect, union, i)]
    if bare:
        for i, effect in predict(union, bare, Path(reads["gff3"]), reference, warnings).items():
            if effect.gene is not None:
                effects[i] = effect
    columns: dict[str, list[str | None]] = {name: list(map(attrgetter(name), effects)) for name in COLUMNS}
    if not any(columns["gene"]):
        warnings.append(
            (
                "not_annotated",
                "The mutations carry no gene names: drivers are matched by their genomic alleles only. "
                "Annotate the VCFs, or give `reads.reference` and `reads.gff3`.",
            )
        )
    return columns


def _unsaid(effect: Effect, union: Union, row: int) -> bool:
    """Whether no transcript is known of a mutation, or no protein change of a joined one."""
    if effect.transcript is None:
        return True
    raw = union.annotation[row]
    return effect.hgvsp is None and raw is not None and raw.source.info == "joined"


def predict(
    union: Union,
    rows: Sequence[int],
    gff3: Path,
    reference: Reference | None,
    warnings: list[tuple[str, str]],
) -> dict[int, Effect]:
    """Consequences by `bcftools csq --local-csq` (Danecek & McCarthy 2017, Bioinformatics 33:2037).

    Local, because its haplotypes would merge variants of separate subclones.

    Raises
    ------
    UserError
        the GFF3 is missing, there is no reference FASTA, or bcftools fails on them.

    """
    if not gff3.is_file():
        raise UserError(Fault("no such GFF3 file", gff3))
    if reference is None:
        raise UserError(Fault("reads.gff3 needs reads.reference (the FASTA) as well", gff3))
    tool = shutil.which("bcftools")
    if tool is None:
        warnings.append(
            (
                "no_bcftools",
                "`reads.gff3` is set but bcftools is not installed, so no consequences were predicted.",
            )
        )
        return {}
    known = [i for i in rows if union.key[i][0] in reference.names]
    with tempfile.TemporaryDirectory() as folder:
        sites = Path(folder) / "sites.vcf"
        _write_sites(sites, union, known, reference)
        models = _named_as(gff3, reference, Path(folder))
        command = [
            tool, "csq", "--local-csq", "--fasta-ref", str(reference.path), "--gff-annot", str(models),
            "--force", "--output-type", "v", str(sites),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UserError(Fault(f"bcftools csq could not use it: {reason}", gff3))
    source = Source("BCSQ", bcsq_parser)
    found: dict[int, Effect] = {}
    for line in done.stdout.splitlines():
        if line.startswith("#"):
            continue
        fields = line.split("\t")
        said = next((part[5:] for part in fields[7].split(";") if part.startswith("BCSQ=")), None)
        if said is not None:
            found[int(fields[2])] = choose(source.parse(said, fields[3], [fields[4]], 1))
    return found


def _named_as(gff3: Path, reference: Reference, folder: Path) -> Path:
    """The gene models with the FASTA's names of the chromosomes: a copy where they are named otherwise."""
    with open_text(gff3) as handle:
        first = next((line.partition("\t")[0] for line in handle if line.strip() and line[0] != "#"), "")
    if first in reference.lengths:
        return gff3
    copy = folder / "models.gff3"
    names = dict(reference.names)
    with open_text(gff3) as handle, copy.open("w", encoding="utf-8") as out:
        for line in handle:
            name, tab, rest = line.partition("\t")
            out.write(f"{names.get(canonical(name), name)}{tab}{rest}" if tab and line[0] != "#" else line)
    return copy


def _write_sites(path: Path, union: Union, rows: Sequence[int], reference: Reference) -> None:
    chroms = dict.fromkeys(union.key[i][0] for i in rows)
    lines = ["##fileformat=VCFv4.2"]
    lines += [f"##contig=<ID={reference.names[chrom]}>" for chrom in chroms]
    lines.append("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")
    for i in rows:
        chrom, pos, ref, alt = union.key[i]
        lines.append(f"{reference.names[chrom]}\t{pos}\t{i}\t{ref}\t{alt}\t.\t.\t.")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
