"""What a reader should know of single mutations and clusters before trusting them."""

from __future__ import annotations

import numpy as np

from truncal.clones.result import Clustering

SMALL = 3
"""Clusters of fewer mutations are flagged."""

ONE_SEGMENT = 0.8
"""Share of a cluster's mutations on one copy-number segment from which it is flagged."""

GERMLINE_FROM = 0.1
"""Frequency of alternative reads in the normal from which a mutation looks germline."""

SHARED_FROM = 0.05
"""DCF from which a sample counts as carrying a mutation, when asking whether two samples share any."""


def mutation_flags(
    found: Clustering,
    segment: list[str | None],
    normal_alt: np.ndarray,
    normal_depth: np.ndarray,
) -> list[str | None]:
    """Flags of each mutation joined by `;`, or None.

    `outlier`: fits no cluster. `small_cluster`: of fewer than `SMALL` mutations. `one_segment`: most of its
    cluster lies on one copy-number segment, so a misread copy number would look like it. `germline_like`:
    reads in the normal.
    """
    sizes = np.bincount(found.label[found.label >= 0], minlength=1)
    alone = clusters_on_one_segment(found.label, segment)
    out: list[str | None] = []
    for index, label in enumerate(found.label.tolist()):
        flags = []
        if label < 0:
            flags.append("outlier")
        elif sizes[label] < SMALL:
            flags.append("small_cluster")
        if label in alone:
            flags.append("one_segment")
        depth = normal_depth[index]
        if depth > 0 and normal_alt[index] >= 3 and normal_alt[index] / depth >= GERMLINE_FROM:
            flags.append("germline_like")
        out.append(";".join(flags) or None)
    return out


def clusters_on_one_segment(label: np.ndarray, segment: list[str | None]) -> dict[int, str]:
    """Clusters (other than the largest) of at least `SMALL` mutations that lie mostly on one segment, with
    its name."""
    out = {}
    sizes = np.bincount(label[label >= 0], minlength=1)
    for cluster in range(len(sizes)):
        members = np.flatnonzero(label == cluster)
        if len(members) < SMALL or cluster == int(sizes.argmax()):
            continue
        names = [name for name in (segment[n] for n in members.tolist()) if name]
        if not names:
            continue
        commonest = max(sorted(set(names)), key=names.count)
        if names.count(commonest) >= ONE_SEGMENT * len(members):
            out[cluster] = commonest
    return out


def unrelated_samples(found: Clustering, sample_ids: list[str]) -> list[str]:
    """Samples that share hardly a mutation with any other: swapped, or an independent primary.

    A sample counts if it has at least ten mutations of its own and under 2 % of them are in another sample
    too.
    """
    if len(sample_ids) < 2:
        return []
    carries = found.summary.dcf[..., 0] >= SHARED_FROM
    out = []
    for s, name in enumerate(sample_ids):
        own = carries[:, s]
        others = np.delete(carries, s, axis=1).any(axis=1)
        if own.sum() >= 10 and (own & others).sum() < 0.02 * own.sum():
            out.append(name)
    return out
