"""Files of ratios without copies: GATK's, which purity and ploidy turn into copies, and those refused."""

from __future__ import annotations

import numpy as np

from truncal.copynumber.formats import CHROM, END, START, Context, Copies, Format, column, settled
from truncal.copynumber.genome import canonical_names
from truncal.copynumber.rawtable import RawTable
from truncal.errors import Fault, UserError

CLONAL = 0.25
"""A mean copy number this close to a whole one is taken to be it; ratios are no more exact than that."""


def gatk(table: RawTable, context: Context) -> Copies:
    """GATK's ModelSegments or CallCopyRatioSegments, with the sheet's purity ρ and ploidy ψ.

    A ratio r is (ρC + 2(1 − ρ)) / (ρψ + 2(1 − ρ)), a minor allele fraction (ρB + 1 − ρ) / (ρC + 2(1 − ρ)) for
    C copies of which B are of the minor allele (Carter et al. 2012, Nature Biotechnology 30:413). Autosomes
    only: what a ratio of X or Y means depends on the normals that GATK was given.
    """
    ratio_name = table.first("log2_copy_ratio_posterior_50", "mean_log2_copy_ratio") or ""
    purity, ploidy = context.purity, context.ploidy
    if purity is None or ploidy is None:
        raise UserError(
            Fault(
                "holds copy ratios, no copy numbers; give `purity` and `ploidy` in the sample sheet to turn "
                "them into copies, or the segments of a tool that estimates allele-specific copy number",
                table.file,
            )
        )
    log_ratio = column(table, context.faults, ratio_name, low=-np.inf)
    fraction = column(table, context.faults, "minor_allele_fraction_posterior_50")
    normal = 2 * (1 - purity)
    total = (2.0**log_ratio * (purity * ploidy + normal) - normal) / purity
    minor = (fraction * (purity * total + normal) - (1 - purity)) / purity
    total = settled(np.clip(total, 0, None), CLONAL)
    minor = settled(np.clip(minor, 0, total / 2), CLONAL)
    autosomal = [name.isdigit() for name in canonical_names(table.columns["contig"])]
    rows = np.flatnonzero(~np.isnan(total) & autosomal)
    notes = [
        (
            "copies_from_ratios",
            "GATK gives copy ratios only: copy numbers were computed from them with the purity and ploidy of "
            "the sample sheet, for autosomes. They are as good as those two numbers.",
        )
    ]
    return Copies(rows, (total - np.nan_to_num(minor))[rows], minor[rows], notes=notes)


_POSITION = (("contig",), ("start",), ("end",))
GATK_MODEL = Format("GATK", (*_POSITION, ("log2_copy_ratio_posterior_50",)), gatk)
GATK_CALLED = Format("GATK", (*_POSITION, ("mean_log2_copy_ratio",), ("call",)), gatk)

REFUSED = (
    Format(
        "CNVkit",
        (("chromosome",), ("start",), ("end",), ("log2",)),
        without=("cn",),
        refusal="holds log2 ratios only, no copy numbers; give the output of `cnvkit.py call` with the "
        "purity (and -v for allele-specific copies)",
    ),
    Format(
        "DNAcopy",
        (("chrom",), ("loc.start",), ("loc.end",), ("seg.mean",)),
        without=("c",),
        refusal="holds log2 ratios only (a DNAcopy segmentation), no copy numbers; give the copy-number "
        "tool's result, such as PureCN's _loh.csv",
    ),
    Format(
        "PureCN",
        (("ml.c",), ("ml.m.segment",)),
        refusal="is PureCN's table of variants, not of segments; give its _loh.csv",
    ),
    Format(
        "summary",
        (("purity", "cellularity"), ("ploidy",)),
        without=CHROM,
        refusal="is a summary of purity and ploidy, not a table of segments",
    ),
    Format(
        "genotype calls",
        (CHROM, START, END, ("naraw",), ("nbraw",)),
        without=("nmajor",),
        refusal="holds ASCAT's raw copy numbers without rounded ones; give its .segments.txt",
    ),
)
