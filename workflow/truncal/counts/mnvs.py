"""Join the parts of multi-nucleotide changes over a whole patient."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from truncal.counts.union import Union, genomic_order
from truncal.reads.alleles import Key
from truncal.reads.annotation import Raw, Source
from truncal.reads.columns import Columns
from truncal.reads.effects import Effect
from truncal.reads.header import Header
from truncal.reads.mnv import (
    adjacent_pairs,
    chains,
    counts_agree,
    joined_key,
    read_phase,
    same_haplotype,
    together_in_reads,
)
from truncal.reads.vcf import Calls
from truncal.sheet.samples import Sample

Opened = tuple[Header, Columns, Calls]


def join_mnvs(
    union: Union,
    files: Sequence[Opened],
    rows: Sequence[Sample],
    reads: Mapping[str, Any],
    reference: Any,
) -> Union:
    """Replace adjacent SNVs that are one change by that change, in all samples alike.

    Evidence: another record of the patient that has them as one, phase in a VCF, or the reads of a BAM; never
    where two kinds of evidence disagree or the counts of the parts differ (a second hit on a mutated copy).
    """
    pairs = adjacent_pairs(union.key)
    if not pairs:
        return union
    whole = {key: i for i, key in enumerate(union.key) if len(key[3]) > 1 and len(key[2]) == len(key[3])}
    votes: dict[tuple[int, int], set[bool]] = {pair: set() for pair in pairs}
    for i, j in pairs:
        if any(_part_of(union.key[i], union.key[j], key) for key in whole):
            votes[i, j].add(True)
    for opened in files:
        for pair, vote in _phased(union, pairs, opened).items():
            votes[pair].add(vote)
    for row in rows:
        if row.bam is not None:
            for pair, vote in _in_reads(union, pairs, row, reads, reference).items():
                votes[pair].add(vote)
    runs = [
        run
        for run in chains([pair for pair, said in votes.items() if said == {True}])
        if counts_agree(np.where(union.listed[run].all(axis=0), union.alt[run], 0))
    ]
    return _joined(union, runs, whole) if runs else union


def _part_of(first: Key, second: Key, whole: Key) -> bool:
    offset = first[1] - whole[1]
    return (
        first[0] == whole[0]
        and 0 <= offset < len(whole[2]) - 1
        and whole[3][offset : offset + 2] == first[3] + second[3]
        and whole[2][offset : offset + 2] == first[2] + second[2]
    )


def _phased(union: Union, pairs: Sequence[tuple[int, int]], opened: Opened) -> dict[tuple[int, int], bool]:
    header, columns, calls = opened
    needed = {union.key[i] for pair in pairs for i in pair}
    at = {key: i for i, key in enumerate(calls.key) if key in needed}
    here = [(i, j) for i, j in pairs if union.key[i] in at and union.key[j] in at]
    wanted = {
        int(calls.record[at[union.key[i]]]): int(calls.number[at[union.key[i]]])
        for pair in here
        for i in pair
    }
    phase = read_phase(header, columns, wanted)
    found = {}
    for i, j in here:
        first, second = (phase.get(int(calls.record[at[union.key[k]]])) for k in (i, j))
        vote = same_haplotype(first, second) if first and second else None
        if vote is not None:
            found[i, j] = vote
    return found


def _in_reads(
    union: Union, pairs: Sequence[tuple[int, int]], row: Sample, reads: Mapping[str, Any], reference: Any
) -> dict[tuple[int, int], bool]:
    from truncal.reads.bam import call_sites

    sites = sorted({i for pair in pairs for i in pair})
    place = {site: n for n, site in enumerate(sites)}
    calls = call_sites(
        row.bam,  # type: ignore[arg-type]
        [union.chrom[i] for i in sites],
        [union.key[i][1] for i in sites],
        [union.key[i][2] for i in sites],
        [union.key[i][3] for i in sites],
        reference=reference,
        min_base_quality=reads["min_base_quality"],
        min_mapping_quality=reads["min_mapping_quality"],
    )

    def fragments(site: int) -> tuple[set[int], set[int]]:
        rows = slice(calls.start[place[site]], calls.start[place[site] + 1])
        covering, call = calls.fragment[rows], calls.call[rows]
        return set(covering.tolist()), set(covering[call == 1].tolist())

    found = {}
    for i, j in pairs:
        (cover_i, alt_i), (cover_j, alt_j) = fragments(i), fragments(j)
        shared = cover_i & cover_j
        a, b = alt_i & shared, alt_j & shared
        vote = together_in_reads(len(a & b), len(a - b), len(b - a))
        if vote is not None:
            found[i, j] = vote
    return found


def _joined(union: Union, runs: Sequence[Sequence[int]], whole: Mapping[Key, int]) -> Union:
    chrom, keys, annotation = list(union.chrom), list(union.key), list(union.annotation)
    verdict = list(union.verdict)
    fields: dict[str, list[np.ndarray]] = {
        name: [getattr(union, name)]
        for name in ("listed", "alt", "depth", "normal_alt", "normal_depth", "source")
    }
    gone: set[int] = set()
    for run in runs:
        key = joined_key([union.key[i] for i in run])
        listed = union.listed[run].all(axis=0)
        values = {
            "listed": listed,
            "alt": np.where(listed, union.alt[run].min(axis=0), 0.0),
            "depth": np.where(listed, union.depth[run].min(axis=0), 0.0),
            "normal_alt": union.normal_alt[run].min(axis=0),
            "normal_depth": union.normal_depth[run].min(axis=0),
            "source": union.source[run].min(axis=0),
        }
        values["depth"] = np.maximum(values["depth"], values["alt"])
        target = whole.get(key)
        if target is None:
            chrom.append(union.chrom[run[0]])
            keys.append(key)
            verdict.append(None)
            annotation.append(_only_gene([union.annotation[i] for i in run]))
            for name, store in fields.items():
                store.append(values[name][None])
        else:
            fill = listed & ~union.listed[target]
            for name, store in fields.items():
                store[0][target, fill] = values[name][fill]
        name = f"{chrom[run[0]]}:{key[1]}:{key[2]}:{key[3]}"
        for i in run:
            union.exclude(i, None, "joined", f"part of {name}")
        gone.update(run)
    merged = Union(
        chrom,
        keys,
        verdict,
        **{name: np.concatenate(store) for name, store in fields.items()},
        annotation=annotation,
        excluded=union.excluded,
    )
    order = genomic_order(keys)
    return merged.take(order[~np.isin(order, list(gone))])


def _only_gene(parts: Sequence[Raw | None]) -> Raw | None:
    """Gene and transcript of the parts; their protein changes are not that of the whole."""
    known = next((part for part in parts if part is not None), None)
    if known is None:
        return None

    def parse(raw: str, ref: str, alts: Sequence[str], number: int) -> list[Effect]:
        return [known.effect()._replace(hgvsc=None, hgvsp=None)]

    make: Callable[..., list[Effect]] = parse
    return Raw(Source("joined", make), "", "", ("",), 1)
