"""All formats, in the order in which they are tried: the most particular columns first."""

from __future__ import annotations

from truncal.copynumber import tools_clonal as clonal
from truncal.copynumber import tools_ratio as ratio
from truncal.copynumber import tools_subclonal as subclonal
from truncal.copynumber.formats import Format

FORMATS: tuple[Format, ...] = (
    subclonal.BATTENBERG,
    subclonal.TITAN,
    subclonal.HATCHET_BINS,
    subclonal.HATCHET,
    subclonal.FACETS,
    subclonal.PURPLE,
    clonal.SEQUENZA,
    clonal.CAVEMAN,
    clonal.PCGR,
    clonal.ASCAT,
    clonal.PURECN_LOH,
    clonal.PURECN_SEGMENTS,
    clonal.CNVKIT,
    ratio.GATK_MODEL,
    ratio.GATK_CALLED,
    *ratio.REFUSED,
    clonal.TABLE,
)
