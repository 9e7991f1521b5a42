"""Every caller's VCF of the shared fixtures: counts as `bcftools query` reads them, or rightly refused."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from truncal.errors import Faults, UserError
from truncal.reads.columns import find_columns
from truncal.reads.vcf import Calls, read_calls, read_header
from truncal.sheet.samples import Sample

Counts = tuple[float, float] | None
Recipe = tuple[list[str], Callable[[dict[str, str], str, list[str], int], Counts]]


def _numbers(text: str) -> list[float]:
    return [float(part) if part not in (".", "") else float("nan") for part in text.split(",")]


def _by_ad(f: dict[str, str], ref: str, alts: list[str], k: int) -> Counts:
    ad = _numbers(f["AD"])
    if len(ad) <= k or np.isnan(ad[k]):
        return None
    depth = float(f["DP"]) if np.isnan(ad[0]) else sum(ad)
    return ad[k], depth


def _by_varscan(f: dict[str, str], ref: str, alts: list[str], k: int) -> Counts:
    return float(f["AD"]), float(f["AD"]) + float(f["RD"])


def _by_dp4(f: dict[str, str], ref: str, alts: list[str], k: int) -> Counts:
    a, b, c, d = _numbers(f["DP4"])
    return c + d, a + b + c + d


def _by_pindel(f: dict[str, str], ref: str, alts: list[str], k: int) -> Counts:
    # one record of the file is VarScan's: AD of the alternative alone
    return (float(f["AD"]), float(f["DP"])) if "," not in f["AD"] else _by_ad(f, ref, alts, k)


def _by_base(f: dict[str, str], ref: str, alts: list[str], k: int) -> Counts:
    if len(ref) + len(alts[k - 1]) > 2:  # the file holds indels too
        return _by_indel(f, ref, alts, k)
    alt, reference = (_numbers(f[f"{base}U"])[0] for base in (alts[k - 1], ref))
    return alt, alt + reference


def _by_caveman(f: dict[str, str], ref: str, alts: list[str], k: int) -> Counts:
    alt, reference = (float(f[f"F{base}Z"]) + float(f[f"R{base}Z"]) for base in (alts[k - 1], ref))
    return alt, alt + reference


def _by_indel(f: dict[str, str], ref: str, alts: list[str], k: int) -> Counts:
    alt, other = _numbers(f["TIR"])[0], _numbers(f["TAR"])[0]
    return alt, alt + other


def _by_cgppindel(f: dict[str, str], ref: str, alts: list[str], k: int) -> Counts:
    alt = float(f["PU"]) + float(f["NU"])
    return alt, max(alt, float(f["PR"]) + float(f["NR"]))


def _by_fraction(f: dict[str, str], ref: str, alts: list[str], k: int) -> Counts:
    depth = _numbers(f["DP"])[k - 1]
    return round(_numbers(f["AF"])[k - 1] * depth), depth


def _by_info_dp4(f: dict[str, str], ref: str, alts: list[str], k: int) -> Counts:
    return _by_dp4({"DP4": f["INFO/DP4"]}, ref, alts, k)


BASES = [f"{base}U" for base in "ACGT"]
STRANDS = [f"{strand}{base}Z" for strand in "FR" for base in "ACGT"]
AD: Recipe = (["AD"], _by_ad)
AD_DP: Recipe = (["AD", "DP"], _by_ad)
STRELKA: Recipe = (BASES, _by_base)
RECIPES: dict[str, Recipe] = {
    "varscan2.vcf": (["RD", "AD"], _by_varscan),
    "strelka2_snv_paired.vcf": STRELKA,
    "strelka1_snv.vcf": ([*BASES, "TIR", "TAR"], _by_base),
    "pindel2vcf.vcf": (["AD", "DP"], _by_pindel),
    "strelka2_snpeff.vcf.gz": STRELKA,
    **{f"moss_strelka2_sample{i}.vcf": STRELKA for i in range(4)},
    "strelka2_indel_paired.vcf": (["TIR", "TAR"], _by_indel),
    "strelka_three_sample.vcf": (["TIR", "TAR"], _by_indel),
    "somaticsniper_paired.vcf": (["DP4"], _by_dp4),
    "somaticsniper_fpfilter.vcf": (["DP4"], _by_dp4),
    "somaticseq_consensus_snv.vcf": (["DP4"], _by_dp4),
    "somaticseq_consensus_indel.vcf": (["DP4"], _by_dp4),
    "lofreq_snv_paired.vcf": (["INFO/DP4"], _by_info_dp4),
    "caveman_a.vcf": (STRANDS, _by_caveman),
    "caveman_c.vcf": (STRANDS, _by_caveman),
    "cgppindel_a.vcf": (["PU", "NU", "PR", "NR"], _by_cgppindel),
    "cgppindel_c.vcf": (["PU", "NU", "PR", "NR"], _by_cgppindel),
    "varlociraptor_tn.vcf.gz": (["DP", "AF"], _by_fraction),
    "vcf2maf_alleles_b37.vcf": AD_DP,
    "vcf2maf_alleles_b38.vcf": AD_DP,
    "mutationtimer.vcf.gz": AD_DP,
    **dict.fromkeys(
        [
            "mutect2_paired.vcf", "mutect2_tumor_only.vcf", "vardict_paired.vcf", "vardict_tumor_only.vcf",
            "vardict_snpeff.vcf.gz", "vardict_balsamic.vcf", "muse_paired.vcf", "muse_tcga_style.vcf",
            "scalpel_paired.vcf", "vcf2maf_test_b37.vcf", "mutect1.vcf", "radia_dna_rna.vcf",
            "merged_sniper_varscan_strelka.vcf", "gatk_mc3_m2.vcf.gz", "gatk_cfdna_m2_unfiltered.vcf.gz",
            "gatk3_m2_pair.vcf", "gatk3_m2_tumor_only.vcf", "funcotator_hg38_pair.vcf.gz",
            "pvac_hcc1395_vep_expression.vcf.gz", "sage_four_samples.vcf.gz", "sage_rna_vep.vcf.gz",
            "sage_hotspot_merged.vcf", "tso500_tumor_only.vcf.gz", "mutect2_snpeff.vcf.gz",
            "bcbio_ensemble_snpeff.vcf", "tnscope.vcf", "egfr_t790m_c797g_l858r_cis.vcf",
            "egfr_ex19del_t790m_c797s_trans.vcf",
        ],
        AD,
    ),
}  # fmt: skip

REFUSED = {
    "delly_sv.vcf": "structural variants, which are not read; no known way to read counts; FORMAT",
    "strelka2_germline_mode.vcf": "holds germline calls",
    "funcotator_hg19.vcf.gz": "no sample columns",
    "bcsq_sites.vcf": "no sample columns",
    "csq_and_bcsq_sites.vcf": "no sample columns",
    "csq_sites.vcf.gz": "no sample columns",
    "csq_two_samples.vcf": "more than one column",
    "malformed/headerless_test_cis.vcf": "is no VCF",
    "malformed/headerless_test_trans.vcf": "is no VCF",
}

COLUMN = {"sage_four_samples.vcf.gz": "APGI_1965", "strelka_three_sample.vcf": "MET"}
"""Files with several tumours: the one that the sheet names."""


def _manifest(shared: Path) -> dict[str, dict[str, str]]:
    with (shared / "data/vcf-fixtures/manifest.tsv").open() as handle:
        return {row["file"]: row for row in csv.DictReader(handle, delimiter="\t")}


def _read(path: Path, vcf_sample: str | None = None) -> tuple[Calls, str | None, str | None]:
    header = read_header(path)
    faults = Faults()
    row = Sample("P", "S", 2, vcf=path, vcf_sample=vcf_sample)
    columns = find_columns(header, [row], Path("samples.tsv"), faults)
    faults.raise_if_any()
    calls = read_calls(header, columns)
    names = header.columns
    return (
        calls,
        names[columns.tumours[0]] if names else None,
        names[columns.normal] if columns.normal is not None else None,
    )


def _query(bcftools: str, path: Path, column: str | None, fields: list[str]) -> list[list[str]]:
    if "TIR" in fields and "AU" in fields:
        return _text(path, column, fields)
    inside = "".join(f"\\t%{name}" for name in fields if "/" not in name)
    outside = "".join(f"\\t%{name}" for name in fields if "/" in name)
    chosen = ["-s", column] if column else []
    text = f"%CHROM\\t%POS\\t%REF\\t%ALT{outside}" + (f"[{inside}]" if inside else "") + "\\n"
    done = subprocess.run(
        [bcftools, "query", *chosen, "-f", text, str(path)], capture_output=True, text=True, check=True
    )
    return [line.split("\t") for line in done.stdout.splitlines()]


def _text(path: Path, column: str | None, fields: list[str]) -> list[list[str]]:
    """As `_query`, for a file with FORMAT fields that its header does not declare (bcftools gives up)."""
    found = []
    place = 9
    for line in path.read_text().splitlines():
        parts = line.split("\t")
        if line.startswith("#CHROM"):
            place = parts.index(str(column))
        elif not line.startswith("#"):
            said = dict(zip(parts[8].split(":"), parts[place].split(":"), strict=False))
            found.append([parts[0], parts[1], parts[3], parts[4], *(said.get(name, ".") for name in fields)])
    return found


def _trimmed(pos: int, ref: str, alt: str) -> tuple[int, str, str]:
    while len(ref) > 1 and len(alt) > 1 and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    while len(ref) > 1 and len(alt) > 1 and ref[0] == alt[0]:
        pos, ref, alt = pos + 1, ref[1:], alt[1:]
    return pos, ref, alt


def _expected(rows: list[list[str]], recipe: Recipe) -> list[tuple[tuple[int, str, str], Counts]]:
    fields, counts = recipe
    found = []
    for chrom_pos in rows:
        _, pos, ref, alts, *values = chrom_pos
        for k, alt in enumerate(alts.split(","), start=1):
            if set(alt) - set("ACGTN") or alt == ref:
                continue
            said = counts(dict(zip(fields, values, strict=True)), ref, alts.split(","), k)
            found.append((_trimmed(int(pos), ref, alt), said))
    return found


def test_every_fixture_is_either_read_or_refused(shared: Path) -> None:
    assert set(RECIPES) | {name for name in REFUSED if "/" not in name} == set(_manifest(shared))


@pytest.mark.parametrize("name", RECIPES)
def test_counts_agree_with_bcftools_query(name: str, shared: Path, bcftools: str) -> None:
    path = shared / "data/vcf-fixtures" / name
    stated = _manifest(shared)[name]
    calls, tumour, normal = _read(path, COLUMN.get(name))
    if name in COLUMN:
        assert tumour in stated["tumour_sample"].split(";")
    elif tumour is not None:
        assert tumour == stated["tumour_sample"]
    assert (normal or "none") == stated["normal_sample"]
    pairs = [(tumour, calls.alt[:, 0], calls.depth[:, 0])]
    if normal is not None:
        pairs.append((normal, calls.normal_alt, calls.normal_depth))
    for column, alt, depth in pairs:
        expected = _expected(_query(bcftools, path, column, RECIPES[name][0]), RECIPES[name])
        assert [key[1:] for key in calls.key] == [key for key, _ in expected]
        for i, (key, said) in enumerate(expected):
            if said is not None:
                assert (alt[i], depth[i]) == said, key
            elif column == tumour and not name.startswith("merged"):
                assert np.isnan(alt[i]), key


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_somatic_vcf_is_refused_in_one_line(name: str, shared: Path) -> None:
    with pytest.raises(UserError) as refused:
        _read(shared / "data/vcf-fixtures" / name)
    assert len(refused.value.faults) == 1
    message = str(refused.value)
    assert REFUSED[name] in message
    assert "\n" not in message


def test_columns_that_are_ambiguous_are_a_fault(shared: Path) -> None:
    for name, columns in (
        ("sage_four_samples.vcf.gz", "APGI_1965, APGI_1965_exome"),
        ("strelka_three_sample.vcf", "TUMOR, MET"),
    ):
        with pytest.raises(UserError, match="more than one column") as refused:
            _read(shared / "data/vcf-fixtures" / name)
        assert columns in str(refused.value)
        assert "vcf_sample" in str(refused.value)
