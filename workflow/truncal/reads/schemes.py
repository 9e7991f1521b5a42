"""How callers write read counts: one scheme each, chosen by the FORMAT fields and the words of the header.

A scheme names the FORMAT fields it needs and turns their arrays into alternative and total counts, vectorised
over records. Depth is what the caller compared: reads of the reference and of every alternative allele, so at
a site with two alternatives the reads of the other one count as not carrying this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from truncal.reads.header import Header

BASES = "ACGT"

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Alleles:
    """Split alleles of the records decoded: arrays of shape (A,).

    record: row of the FORMAT arrays. number: 1 for the first alternative. ref, alt: as in the record.
    """

    record: np.ndarray
    number: np.ndarray
    ref: np.ndarray
    alt: np.ndarray


Decoder = Callable[[Arrays, Alleles], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Scheme:
    """`fields`: FORMAT fields read; `fits`: whether the header promises them in this meaning.

    `decode` gives alternative and total counts (A, S), NaN where the record does not say.
    """

    name: str
    fields: tuple[str, ...]
    decode: Decoder
    fits: Callable[[Header], bool]


def _has(*fields: str) -> Callable[[Header], bool]:
    return lambda header: all(name in header.formats for name in fields)


def _pick(values: np.ndarray, alleles: Alleles, offset: int = 0) -> np.ndarray:
    """The allele's own entry of an array with one entry an allele, (A, S); NaN beyond its width."""
    column = alleles.number + offset
    width = values.shape[2]
    taken = values[alleles.record, :, np.minimum(column, width - 1)]
    return np.where((column < width)[:, None], taken, np.nan)


def _silent(values: np.ndarray, alleles: Alleles) -> tuple[np.ndarray, np.ndarray]:
    """The answer of a scheme whose fields mean something else in these records."""
    nothing = np.full((len(alleles.record), values.shape[1]), np.nan)
    return nothing, nothing


def _ad(arrays: Arrays, alleles: Alleles) -> tuple[np.ndarray, np.ndarray]:
    """AD with the reference first; where its entry is missing, DP is the depth if the record has it."""
    ad = arrays["AD"]
    alt = _pick(ad, alleles)
    depth = np.nansum(ad, axis=2)[alleles.record]
    unknown = np.isnan(ad[alleles.record, :, 0])
    if "DP" in arrays:
        depth = np.where(unknown, arrays["DP"][alleles.record, :, 0], depth)
    else:
        depth = np.where(unknown, np.nan, depth)
    return alt, np.where(np.isnan(alt), np.nan, depth)


def _rd_ad(arrays: Arrays, alleles: Alleles) -> tuple[np.ndarray, np.ndarray]:
    """VarScan2: RD reference reads, AD alternative reads only."""
    if arrays["AD"].shape[2] > 1 or arrays["RD"].shape[2] > 1:
        return _silent(arrays["AD"], alleles)
    alt = _pick(arrays["AD"], alleles, -1)
    return alt, arrays["RD"][alleles.record, :, 0] + alt


def _alt_only_ad(arrays: Arrays, alleles: Alleles) -> tuple[np.ndarray, np.ndarray]:
    """AD of the alternative alone beside DP (ClairS, older pindel2vcf)."""
    if arrays["AD"].shape[2] > 1:
        return _silent(arrays["AD"], alleles)
    return _pick(arrays["AD"], alleles, -1), arrays["DP"][alleles.record, :, 0]


def _base_columns(
    arrays: Arrays, names: Mapping[str, tuple[str, ...]], alleles: Alleles
) -> tuple[np.ndarray, np.ndarray]:
    """Counts of single bases held in one field a base (several fields of a base add up)."""
    count = {
        base: np.add.reduce([arrays[name][:, :, 0] for name in fields]) for base, fields in names.items()
    }
    samples = count["A"].shape[1]
    total = [np.full((len(alleles.record), samples), np.nan) for _ in range(2)]
    for store, bases in zip(total, (alleles.ref, alleles.alt), strict=True):
        for base, values in count.items():
            rows = np.flatnonzero(bases == base)
            store[rows] = values[alleles.record[rows]]
    return total[1], total[0] + total[1]


def _strelka_snv(arrays: Arrays, alleles: Alleles) -> tuple[np.ndarray, np.ndarray]:
    """Strelka SNVs: tier-1 counts of each base."""
    return _base_columns(arrays, {base: (f"{base}U",) for base in BASES}, alleles)


def _caveman(arrays: Arrays, alleles: Alleles) -> tuple[np.ndarray, np.ndarray]:
    """CaVEMan: counts of each base on the forward and the reverse strand."""
    return _base_columns(arrays, {base: (f"F{base}Z", f"R{base}Z") for base in BASES}, alleles)


def _strelka_indel(arrays: Arrays, alleles: Alleles) -> tuple[np.ndarray, np.ndarray]:
    """Strelka indels: tier-1 reads that strongly support the indel (TIR) or another allele (TAR)."""
    alt = arrays["TIR"][alleles.record, :, 0]
    return alt, arrays["TAR"][alleles.record, :, 0] + alt


def _dp4(arrays: Arrays, alleles: Alleles) -> tuple[np.ndarray, np.ndarray]:
    """DP4: reference and alternative on both strands (SomaticSniper, SomaticSeq, samtools)."""
    dp4 = arrays["DP4"]
    if dp4.shape[2] < 4:
        return _silent(dp4, alleles)
    alt = (dp4[:, :, 2] + dp4[:, :, 3])[alleles.record]
    return alt, (dp4[:, :, 0] + dp4[:, :, 1])[alleles.record] + alt


def _ro_ao(arrays: Arrays, alleles: Alleles) -> tuple[np.ndarray, np.ndarray]:
    """FreeBayes: RO reference and AO alternative observations."""
    alt = _pick(arrays["AO"], alleles, -1)
    return alt, arrays["RO"][alleles.record, :, 0] + np.nansum(arrays["AO"], axis=2)[alleles.record]


def _nr_nv(arrays: Arrays, alleles: Alleles) -> tuple[np.ndarray, np.ndarray]:
    """Platypus: NR reads covering, NV reads with the variant."""
    return _pick(arrays["NV"], alleles, -1), _pick(arrays["NR"], alleles, -1)


def _cgppindel(arrays: Arrays, alleles: Alleles) -> tuple[np.ndarray, np.ndarray]:
    """CgpPindel: unique calls (PU, NU) of the mapped reads (PR, NR) on both strands."""
    strand = [arrays[name][alleles.record, :, 0] for name in ("PU", "NU", "PR", "NR")]
    alt = strand[0] + strand[1]
    return alt, np.maximum(strand[2] + strand[3], alt)


def _vd_dp(arrays: Arrays, alleles: Alleles) -> tuple[np.ndarray, np.ndarray]:
    """VarDict without AD: VD variant reads of DP."""
    return arrays["VD"][alleles.record, :, 0], arrays["DP"][alleles.record, :, 0]


def _fraction(name: str) -> Decoder:
    def decode(arrays: Arrays, alleles: Alleles) -> tuple[np.ndarray, np.ndarray]:
        depth = arrays["DP"]
        deep = _pick(depth, alleles, -1) if depth.shape[2] > 1 else depth[alleles.record, :, 0]
        share = _pick(arrays[name], alleles, -1)
        return np.where((share >= 0) & (share <= 1), np.rint(share * deep), np.nan), deep

    decode.__doc__ = f"DP and {name}, the fraction of alternative reads."
    return decode


def _bcount(arrays: Arrays, alleles: Alleles) -> tuple[np.ndarray, np.ndarray]:
    """BCOUNT: counts of A, C, G and T (SomaticSniper, where a record lacks DP4)."""
    counts = arrays["BCOUNT"]
    if counts.shape[2] < 4:
        return _silent(counts, alleles)
    split = {base: counts[:, :, i : i + 1] for i, base in enumerate(BASES)}
    return _base_columns(split, {base: (base,) for base in BASES}, alleles)


def _octopus(arrays: Arrays, alleles: Alleles) -> tuple[np.ndarray, np.ndarray]:
    """Octopus without AD: DP and the frequencies of the haplotypes (MAP_HF) that carry the allele (GT)."""
    genotype, frequency = arrays["GT"][alleles.record], arrays["MAP_HF"][alleles.record]
    ploidy = min(genotype.shape[2], frequency.shape[2])
    carries = genotype[:, :, :ploidy] == alleles.number[:, None, None]
    share = np.where(carries, np.nan_to_num(frequency[:, :, :ploidy]), 0.0).sum(axis=2)
    depth = arrays["DP"][alleles.record, :, 0]
    known = ~np.isnan(frequency).all(axis=2)
    return np.where(known, np.rint(share * depth), np.nan), np.where(known, depth, np.nan)


def _info_dp4(arrays: Arrays, alleles: Alleles) -> tuple[np.ndarray, np.ndarray]:
    """LoFreq: DP4 of the only sample, in INFO."""
    return _dp4({"DP4": arrays["INFO/DP4"]}, alleles)


def _varscan_header(header: Header) -> bool:
    return _has("RD", "AD")(header) and header.formats["RD"] == "1" and header.formats["AD"] == "1"


def _clairs_header(header: Header) -> bool:
    return _has("AD", "DP", "NAD", "NDP")(header) and header.formats["AD"] == "1"


SCHEMES: tuple[Scheme, ...] = (
    Scheme("varscan", ("RD", "AD"), _rd_ad, _varscan_header),
    Scheme("ad_alt", ("AD", "DP"), _alt_only_ad, _clairs_header),
    Scheme("ad", ("AD",), _ad, _has("AD")),
    Scheme("strelka_snv", ("AU", "CU", "GU", "TU"), _strelka_snv, _has("AU", "CU", "GU", "TU")),
    Scheme("strelka_indel", ("TAR", "TIR"), _strelka_indel, _has("TAR", "TIR")),
    Scheme("freebayes", ("RO", "AO"), _ro_ao, _has("RO", "AO")),
    Scheme("vardict", ("VD", "DP"), _vd_dp, _has("VD", "DP")),
    Scheme(
        "caveman",
        tuple(f"{strand}{base}Z" for base in BASES for strand in "FR"),
        _caveman,
        _has(*(f"{strand}{base}Z" for base in BASES for strand in "FR")),
    ),
    Scheme("cgppindel", ("PU", "NU", "PR", "NR"), _cgppindel, _has("PU", "NU", "PR", "NR")),
    Scheme("platypus", ("NR", "NV"), _nr_nv, _has("NR", "NV")),
    Scheme("dp4", ("DP4",), _dp4, _has("DP4")),
    Scheme("bcount", ("BCOUNT",), _bcount, _has("BCOUNT")),
    Scheme("ad_alt", ("AD", "DP"), _alt_only_ad, _has("AD", "DP")),
    *(
        Scheme(f"dp_{name.lower()}", ("DP", name), _fraction(name), _has("DP", name))
        for name in ("AF", "VAF", "FREQ", "FA", "VF")
    ),
    Scheme("octopus", ("DP", "GT", "MAP_HF"), _octopus, _has("DP", "GT", "MAP_HF")),
    Scheme("lofreq", ("INFO/DP4",), _info_dp4, lambda header: not header.columns and "DP4" in header.infos),
)
"""In order of preference: counts before fractions, a caller's own fields before generic ones."""


def candidates(header: Header) -> list[Scheme]:
    """Schemes whose fields the header declares, best first; empty where it declares none."""
    return [scheme for scheme in SCHEMES if scheme.fits(header)]
