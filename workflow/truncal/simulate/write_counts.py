"""Count tables: PyClone-VI's columns, and Pairtree's `.ssm` with clusters for diploid tumours."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from truncal.simulate.called_segments import CalledCopyNumber
from truncal.simulate.genome import CHROMOSOMES
from truncal.simulate.tumour import Tumour, contig_prefix
from truncal.tables import atomic, cell

_COLUMNS = (
    *("mutation_id", "sample_id", "ref_counts", "alt_counts", "major_cn", "minor_cn", "normal_cn"),
    *("tumour_content", "error_rate", "chrom", "pos", "ref", "alt", "gene", "normal_alt", "normal_depth"),
)
_SECOND = ("major_cn_2", "minor_cn_2", "cn_fraction_2")


def genome_order(tumour: Tumour) -> np.ndarray:
    """Mutations by position: no file gives away the order in which they were made."""
    return np.lexsort((tumour.mutations.pos, tumour.mutations.chrom))


def write_counts(path: Path, tumour: Tumour, called: CalledCopyNumber) -> None:
    """Write the called sites as a PyClone-VI table; rows are put together from parts, for speed."""
    m = tumour.mutations
    second = tumour.parameters.copy_number_style == "battenberg"
    normal = tumour.history.normal
    copy_number = []  # text by segment and sample
    for segment in range(len(normal)):
        row = []
        for sample in range(tumour.alt.shape[1]):
            values = (called.major[segment, sample], called.minor[segment, sample], int(normal[segment]))
            row.append("\t".join(map(cell, values)))
        copy_number.append(row)
    populations = [
        [
            "\t"
            + "\t".join(
                cell(values[segment, sample])
                for values in (called.major_2, called.minor_2, called.fraction_2)
            )
            if second
            else ""
            for sample in range(tumour.alt.shape[1])
        ]
        for segment in range(len(normal))
    ]
    names = tumour.parameters.sample_names
    contents = [f"{purity:g}\t{tumour.parameters.error_rate:g}" for purity in tumour.purity_reported.tolist()]
    prefix = contig_prefix(tumour.genome.build)
    ids = tumour.mutation_ids()
    ref_counts = (tumour.depth - tumour.alt).tolist()
    alt_counts = tumour.alt.tolist()
    with atomic(path) as handle:
        handle.write("\t".join(_COLUMNS + (_SECOND if second else ())) + "\n")
        for index in genome_order(tumour).tolist():
            segment = int(m.segment[index])
            gene = m.drivers[index].gene if index in m.drivers else "NA"
            tail = (
                f"{prefix}{CHROMOSOMES[m.chrom[index]]}\t{m.pos[index]}\t{m.ref[index]}\t{m.alt[index]}\t{gene}"
                f"\t{tumour.normal_alt[index]}\t{tumour.normal_depth[index]}"
            )
            states, others = copy_number[segment], populations[segment]
            refs, alts = ref_counts[index], alt_counts[index]
            handle.writelines(
                f"{ids[index]}\t{names[sample]}\t{refs[sample]}\t{alts[sample]}\t{states[sample]}"
                f"\t{contents[sample]}\t{tail}{others[sample]}\n"
                for sample in np.flatnonzero(tumour.called[index]).tolist()
            )


def write_pairtree(folder: Path, tumour: Tumour) -> None:
    """Write a diploid tumour's `PATIENT.ssm` and `PATIENT.clusters.json` (artefacts are garbage).

    `var_read_prob` is the purity over the copies: frequencies are fractions of the cancer cells.
    """
    patient = tumour.parameters.patient
    order = genome_order(tumour).tolist()
    ids = tumour.mutation_ids()
    chances = {
        normal: ",".join(f"{purity / normal:.4g}" for purity in tumour.purity_reported.tolist())
        for normal in (1, 2)
    }
    with atomic(folder / f"{patient}.ssm") as handle:
        handle.write("id\tname\tvar_reads\ttotal_reads\tvar_read_prob\n")
        for number, index in enumerate(order):
            reads = ",".join(map(str, tumour.alt[index].tolist()))
            depth = ",".join(map(str, tumour.depth[index].tolist()))
            chance = chances[int(tumour.history.normal[tumour.mutations.segment[index]])]
            handle.write(f"s{number}\t{ids[index]}\t{reads}\t{depth}\t{chance}\n")
    clusters: list[list[str]] = [[] for _ in tumour.parents]
    garbage: list[str] = []
    for number, index in enumerate(order):
        cluster = int(tumour.mutations.cluster[index])
        (clusters[cluster - 1] if cluster > 0 else garbage).append(f"s{number}")
    document = {"samples": list(tumour.parameters.sample_names), "clusters": clusters, "garbage": garbage}
    with atomic(folder / f"{patient}.clusters.json") as handle:
        json.dump(document, handle)
        handle.write("\n")
