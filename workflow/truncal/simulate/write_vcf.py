"""VCFs as Mutect2 and Strelka2 write them, bgzipped and indexed.

One record a called site; Mutect2's may be joint over the patient's samples. Strelka2 splits multi-nucleotide
variants into SNVs and has neither GT nor AD.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from truncal.copynumber.genome import LENGTHS
from truncal.simulate.genome import BASES, CHROMOSOMES, background_positions, reference_codes
from truncal.simulate.tumour import Tumour, contig_prefix


class Record(NamedTuple):
    """One site: reference and alternative reads of the normal and of each tumour column."""

    chrom: int
    pos: int
    ref: str
    alt: str
    passes: bool
    normal: tuple[int, int]
    tumours: tuple[tuple[int, int], ...]


def records(tumour: Tumour, samples: Sequence[int], rng: np.random.Generator) -> list[Record]:
    """Sites that the caller lists in any of `samples`, and those that its filters reject, in genome order."""
    m = tumour.mutations
    columns = list(samples)
    listed = np.flatnonzero(tumour.called[:, columns].any(axis=1))
    found = []
    for index in listed.tolist():
        normal_alt = int(tumour.normal_alt[index])
        found.append(
            Record(
                int(m.chrom[index]),
                int(m.pos[index]),
                m.ref[index],
                m.alt[index],
                True,
                (int(tumour.normal_depth[index]) - normal_alt, normal_alt),
                tuple(
                    (int(tumour.depth[index, s] - tumour.alt[index, s]), int(tumour.alt[index, s]))
                    for s in columns
                ),
            )
        )
    return sorted(found + _filtered(tumour, len(columns), rng))


def _filtered(tumour: Tumour, columns: int, rng: np.random.Generator) -> list[Record]:
    """Sites with a few alternative reads that the caller's filters reject."""
    number = tumour.parameters.filtered
    if not number:
        return []
    segment = rng.integers(0, len(tumour.genome.chrom), number)
    pos = background_positions(tumour.genome, segment, rng)
    chrom = tumour.genome.chrom[segment]
    code = reference_codes(chrom, pos)
    new = BASES[(code + rng.integers(1, 4, number)) % 4]
    depth = rng.poisson(tumour.parameters.depth, (number, columns))
    alt = rng.binomial(depth, 0.02)
    normal = rng.poisson(tumour.parameters.depth * 0.7, number)
    return [
        Record(
            int(chrom[row]),
            int(pos[row]),
            str(BASES[code[row]]),
            str(new[row]),
            False,
            (int(normal[row]), int(row % 2)),
            tuple((int(d - a), int(a)) for d, a in zip(depth[row].tolist(), alt[row].tolist(), strict=True)),
        )
        for row in range(number)
    ]


def write_mutect2(
    path: Path, build: str, normal: str, tumours: Sequence[str], sites: Iterable[Record]
) -> None:
    """Write a Mutect2-like VCF with the normal and these tumour columns."""
    prefix = contig_prefix(build)
    lines = [
        "##fileformat=VCFv4.2",
        '##FILTER=<ID=PASS,Description="Site contains at least one allele that passes filters">',
        '##FILTER=<ID=weak_evidence,Description="Mutation does not meet likelihood threshold">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Allelic depths for the ref and alt alleles in the order listed">',  # noqa: E501
        '##FORMAT=<ID=AF,Number=A,Type=Float,Description="Allele fractions of alternate alleles in the tumor">',  # noqa: E501
        '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Approximate read depth">',
        '##INFO=<ID=DP,Number=1,Type=Integer,Description="Approximate read depth; some reads may have been filtered">',  # noqa: E501
        *_contigs(build),
        f"##normal_sample={normal}",
        *(f"##tumor_sample={name}" for name in tumours),
        "##source=truncal simulate",
        "\t".join((*_FIXED, normal, *tumours)),
    ]
    for site in sites:
        depth = sum(site.normal) + sum(sum(counts) for counts in site.tumours)
        calls = [_mutect2_call("0/0", site.normal)]
        calls += [_mutect2_call("0/1" if counts[1] else "0/0", counts) for counts in site.tumours]
        lines.append(
            "\t".join(
                (
                    f"{prefix}{CHROMOSOMES[site.chrom]}",
                    *(str(site.pos), ".", site.ref, site.alt, "."),
                    "PASS" if site.passes else "weak_evidence",
                    f"DP={depth}",
                    "GT:AD:AF:DP",
                    *calls,
                )
            )
        )
    _write(path, lines)


def _mutect2_call(genotype: str, counts: tuple[int, int]) -> str:
    depth = sum(counts)
    return f"{genotype}:{counts[0]},{counts[1]}:{counts[1] / depth if depth else 0:.3f}:{depth}"


def write_strelka2(path: Path, build: str, sites: Iterable[Record]) -> None:
    """Write a Strelka2-like VCF, SNVs and indels in one file, with the columns NORMAL and TUMOR."""
    prefix = contig_prefix(build)
    lines = [
        "##fileformat=VCFv4.1",
        "##source=strelka",
        "##content=strelka somatic snv calls",
        '##FILTER=<ID=LowEVS,Description="Somatic Empirical Variant Score (SomaticEVS) is below threshold">',
        '##INFO=<ID=SOMATIC,Number=0,Type=Flag,Description="Somatic mutation">',
        '##INFO=<ID=NT,Number=1,Type=String,Description="Genotype of the normal in all data tiers">',
        '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Read depth for tier1">',
        *(
            f'##FORMAT=<ID={base}U,Number=2,Type=Integer,Description="{base} alleles used in tiers 1,2">'
            for base in "ACGT"
        ),
        '##FORMAT=<ID=TAR,Number=2,Type=Integer,Description="Reads strongly supporting alternate allele for tiers 1,2">',  # noqa: E501
        '##FORMAT=<ID=TIR,Number=2,Type=Integer,Description="Reads strongly supporting indel allele for tiers 1,2">',  # noqa: E501
        *_contigs(build),
        "\t".join((*_FIXED, "NORMAL", "TUMOR")),
    ]
    for site in _split(sites):
        snv = len(site.ref) == len(site.alt)
        show = _strelka2_snv if snv else _strelka2_indel
        lines.append(
            "\t".join(
                (
                    f"{prefix}{CHROMOSOMES[site.chrom]}",
                    *(str(site.pos), ".", site.ref, site.alt, "."),
                    "PASS" if site.passes else "LowEVS",
                    "SOMATIC;NT=ref",
                    "DP:AU:CU:GU:TU" if snv else "DP:TAR:TIR",
                    show(site, site.normal),
                    show(site, site.tumours[0]),
                )
            )
        )
    _write(path, lines)


def _split(sites: Iterable[Record]) -> list[Record]:
    """Multi-nucleotide variants as adjacent SNVs, as Strelka2 calls them."""
    out = []
    for site in sites:
        if len(site.ref) != len(site.alt) or len(site.ref) == 1:
            out.append(site)
            continue
        for offset, (ref, alt) in enumerate(zip(site.ref, site.alt, strict=True)):
            if ref != alt:
                out.append(site._replace(pos=site.pos + offset, ref=ref, alt=alt))
    return sorted(out)


def _strelka2_snv(site: Record, counts: tuple[int, int]) -> str:
    shown = dict.fromkeys("ACGT", 0)
    shown[site.ref], shown[site.alt] = counts
    return ":".join((str(sum(counts)), *(f"{shown[base]},{shown[base]}" for base in "ACGT")))


def _strelka2_indel(_site: Record, counts: tuple[int, int]) -> str:
    return f"{sum(counts)}:{counts[0]},{counts[0]}:{counts[1]},{counts[1]}"


_FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT")


def _contigs(build: str) -> list[str]:
    prefix = contig_prefix(build)
    return [f"##contig=<ID={prefix}{name},length={LENGTHS[build][name]}>" for name in CHROMOSOMES]


def _write(path: Path, lines: list[str]) -> None:
    """Compress with bgzip and index; the file appears under its name when it is whole."""
    import pysam

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".vcf.") as folder:
        plain = Path(folder) / "sites.vcf"
        plain.write_text("\n".join(lines) + "\n", encoding="utf-8")
        packed = Path(folder) / "sites.vcf.gz"
        pysam.tabix_compress(str(plain), str(packed), force=True)
        pysam.tabix_index(str(packed), preset="vcf", force=True)
        os.replace(packed, path)  # noqa: PTH105
        os.replace(f"{packed}.tbi", f"{path}.tbi")  # noqa: PTH105
