"""Clusters that the tree asks to be one, or to be two.

A change is made where the Bayes factor of clusters and trees together asks for it clearly: the reads' part is
that of `partition`, the trees' part the sum over trees of prior times marginal likelihood, before and after.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from truncal.clones.prior import weight_cost
from truncal.phylogeny.aside import Settled
from truncal.phylogeny.evidence import Evidence, build_evidence, grid_density, interval
from truncal.phylogeny.feedback import ODDS, Change, labels_of
from truncal.phylogeny.inputs import PhyloInput, pseudo_counts
from truncal.phylogeny.losses import misfit, without
from truncal.phylogeny.partition import log_integral, mixture_gain, two_parts
from truncal.phylogeny.reads import Reads

CLEAR = math.log(1000.0)
"""Log odds, prior odds included, from which clusters are changed."""

SAME = math.log(ODDS)
"""Log prior odds that two clusters are one: the clones step has merged what its reads let it merge."""

ARTEFACT = math.log(0.01)
"""Log prior odds that a cluster is of no clone, and so need not fit in any tree."""

TRIED = 6
"""At most this many changes, the likeliest ones, are tried on trees before the best of them is made."""

CHANGES = 8
"""At most this many merges and splits in all."""

FAR = 60.0
"""Pairs whose DCFs differ by so many log units are never one clone, whatever the tree."""


@dataclass(frozen=True)
class Step:
    """One change that is thought of: clones `first` and `second` merged, or `first` divided.

    logs: (1 or 2, S, G) log-likelihood of what they become. gain: log Bayes factor by the reads. limit: what
    the trees may add at most. share: (N,) probability of each member of staying in the first part of two.
    """

    first: int
    second: int
    logs: np.ndarray
    gain: float
    limit: float
    share: np.ndarray | None = None


def recluster(
    data: PhyloInput,
    settle: Callable[[PhyloInput], Settled],
    log_evidence: Callable[[Evidence, np.ndarray], float],
) -> tuple[PhyloInput, Settled, list[Change]]:
    """Merge and split clusters as long as reads and trees clearly ask for it.

    log_evidence: log Σ over trees of prior times marginal likelihood, looked for from a tree. Clusters that
    the user gives, and those whose single mutations' reads are not known, stay as they are.
    """
    settled, changes = settle(data), list[Change]()
    reads = data.reads
    if reads is None or not data.purity_known:
        return data, settled, changes
    for _ in range(CHANGES):
        steps = _thinkable(data, reads, settled)[:TRIED]
        if not steps:
            break
        kept = np.flatnonzero(~settled.aside)
        before = log_evidence(settled.data.evidence.subset(kept), settled.best)
        scores = [_trees_gain(data, settled, step, log_evidence) - before + step.gain for step in steps]
        best = int(np.argmax(scores))
        if scores[best] < CLEAR:
            break
        step = steps[best]
        new, moved = _merged(data, step) if step.share is None else _divided(data, step, step.share)
        changes += moved
        data, settled = new, settle(new)
    return data, settled, changes


def _thinkable(data: PhyloInput, reads: Reads, settled: Settled) -> list[Step]:
    """Changes that reads and trees together could ask for, the likeliest first."""
    kept = np.flatnonzero(~settled.aside)
    cost = np.zeros(len(settled.aside))
    cost[kept] = misfit(settled.data, settled.best, kept).sum(axis=1)
    cost = np.maximum(cost, 0.0)
    lost = [loss.clone for loss in settled.losses]
    found = _merges(data, [k for k in kept.tolist() if k not in lost], cost)
    found += _splits(data, reads, settled.aside, lost, cost)
    found = [step for step in found if step.gain + step.limit >= CLEAR]
    return sorted(found, key=lambda step: -(step.gain + step.limit))


def _merges(data: PhyloInput, clones: list[int], cost: np.ndarray) -> list[Step]:
    logs, mutations = data.log_likelihood, len(data.mutations["mutation_id"])
    alone = log_integral(logs, data.grid).sum(axis=1)
    mean, variance = data.evidence.moments[..., 0], data.evidence.moments[..., 1]
    member = np.zeros((mutations, len(logs)))
    member[data.membership[0], data.membership[1]] = data.membership[2]
    found = []
    for place, a in enumerate(clones):
        others = np.array(clones[place + 1 :], dtype=np.int64)
        far = 0.5 * ((mean[a] - mean[others]) ** 2 / (variance[a] + variance[others])).sum(axis=1)
        for b in others[far < FAR + cost[a] + cost[others]].tolist():
            gain = float(log_integral(logs[a] + logs[b], data.grid).sum() - alone[a] - alone[b])
            gain += weight_cost(mutations) - mixture_gain(member[:, a], member[:, b]) + SAME
            # a tree of fewer clones is likelier only by the rules that no longer break
            found.append(Step(a, b, logs[[a]] + logs[[b]], gain, float(cost[a] + cost[b])))
    return found


def _splits(
    data: PhyloInput, reads: Reads, aside: np.ndarray, lost: list[int], cost: np.ndarray
) -> list[Step]:
    labels = np.array([int(label) for label in data.mutations["cluster_id"]])
    found = []
    for k, name in enumerate(data.cluster_ids):
        members = np.flatnonzero(labels == name)
        parts = None if k in lost else two_parts(reads.of(members), data.grid, len(labels))
        if parts is None:
            continue
        gain = parts.gain + (ARTEFACT if aside[k] else 0.0)
        # reads that speak against a division by more than the misfit are not overruled by one more clone
        limit = math.inf if aside[k] else float(cost[k]) + CLEAR
        found.append(Step(k, -1, parts.log_likelihood, gain, limit, parts.share))
    return found


def _trees_gain(
    data: PhyloInput, settled: Settled, step: Step, log_evidence: Callable[[Evidence, np.ndarray], float]
) -> float:
    """Log evidence of the trees once the change is made."""
    kept, start = np.flatnonzero(~settled.aside), settled.best
    for k in sorted((step.first, step.second), reverse=True):
        at = np.flatnonzero(kept == k)
        if len(at):
            start, kept = without(start, int(at[0])), np.delete(kept, at[0])
    new = _evidence(data, step.logs)
    start = np.concatenate([start, np.full(len(new.low), -1)])
    return log_evidence(joined(settled.data.evidence.subset(kept), new), start)


def _evidence(data: PhyloInput, logs: np.ndarray) -> Evidence:
    density, peak = grid_density(data.grid, logs)
    return build_evidence(density, peak, data.model_error)


def joined(first: Evidence, second: Evidence) -> Evidence:
    """The clones of both, in this order."""
    return Evidence(
        *(np.concatenate([a, b]) for a, b in zip(vars(first).values(), vars(second).values(), strict=True))
    )


def _merged(data: PhyloInput, step: Step) -> tuple[PhyloInput, list[Change]]:
    """The input with both clones as one, under the name of the larger."""
    into, out = step.first, step.second
    if data.n_mutations[out] > data.n_mutations[into]:
        into, out = out, into
    rows, columns, values = data.membership
    columns = np.where(columns == out, into, columns)
    keys, inverse = np.unique(rows * len(data.cluster_ids) + columns, return_inverse=True)
    summed = np.bincount(inverse, weights=values)
    rows, columns = keys // len(data.cluster_ids), keys % len(data.cluster_ids)
    labels, probability = labels_of(data)
    held = {int(n): float(v) for n, k, v in zip(rows, columns, summed, strict=True) if k == into}
    changes = []
    for n, label in enumerate(labels):
        if int(label) == data.cluster_ids[out]:
            labels[n] = type(label)(data.cluster_ids[into])
            changes.append(
                Change("merge", n, data.cluster_ids[out], data.cluster_ids[into], held.get(n, 1.0))
            )
        if int(labels[n]) == data.cluster_ids[into] and n in held:
            probability[n] = round(min(held[n], 1.0), 6)
    new = _replaced(data, into, step.logs[0])
    keep = np.delete(np.arange(len(data.cluster_ids)), out)
    place = np.full(len(data.cluster_ids), -1)
    place[keep] = np.arange(len(keep))
    new = _chosen(new, keep)
    return _relabelled(new, labels, probability, (rows, place[columns], summed)), changes


def _divided(data: PhyloInput, step: Step, share: np.ndarray) -> tuple[PhyloInput, list[Change]]:
    """The input with a clone in two: the larger part keeps its name, the other gets the next free one."""
    k, count, logs = step.first, len(data.cluster_ids), step.logs
    if share.sum() < 0.5 * len(share):
        share, logs = 1 - share, logs[::-1]
    name, fresh = data.cluster_ids[k], max(data.cluster_ids) + 1
    labels, probability = labels_of(data)
    members = [n for n, label in enumerate(labels) if int(label) == name]
    part = dict(zip(members, share.tolist(), strict=True))
    rows, columns, values = data.membership
    stays = np.array([part.get(int(n), 1.0) for n in rows])
    own = columns == k
    kept_values = np.where(own, values * stays, values)
    more = own & (values * (1 - stays) >= 1e-3)
    membership = (
        np.concatenate([rows, rows[more]]),
        np.concatenate([columns, np.full(int(more.sum()), count)]),
        np.concatenate([kept_values, (values * (1 - stays))[more]]),
    )
    changes = []
    for n in members:
        held = float(probability[n]) if probability[n] is not None else 1.0
        if part[n] <= 0.5:
            labels[n] = type(labels[n])(fresh)
            changes.append(Change("split", n, name, fresh, held * (1 - part[n])))
        probability[n] = round(held * max(part[n], 1 - part[n]), 6)
    new = _replaced(data, k, logs[0])
    new = _chosen(new, np.append(np.arange(count), k))
    new = replace(new, cluster_ids=[*data.cluster_ids, fresh])
    new = _replaced(new, count, logs[1])
    return _relabelled(new, labels, probability, membership), changes


def _replaced(data: PhyloInput, k: int, logs: np.ndarray) -> PhyloInput:
    """The input with another log-likelihood (S, G) of clone k."""
    own = _evidence(data, logs[None])
    alt, ref = pseudo_counts(own)
    parts = [part.copy() for part in vars(data.evidence).values()]
    for part, value in zip(parts, vars(own).values(), strict=True):
        part[k] = value[0]
    arrays = {name: getattr(data, name).copy() for name in ("alt", "ref", "dcf", "dcf_low", "dcf_high")}
    arrays["alt"][:, k], arrays["ref"][:, k] = alt[:, 0], ref[:, 0]
    for name, value in zip(("dcf", "dcf_low", "dcf_high"), interval(own), strict=True):
        arrays[name][k] = value[0]
    all_logs = data.log_likelihood.copy()
    all_logs[k] = logs
    return replace(data, evidence=Evidence(*parts), log_likelihood=all_logs, **arrays)


def _chosen(data: PhyloInput, clones: np.ndarray) -> PhyloInput:
    """The input of some clones (indices); their mutations and memberships are left to the caller."""
    return replace(
        data,
        cluster_ids=[data.cluster_ids[k] for k in clones.tolist()],
        evidence=data.evidence.subset(clones),
        alt=data.alt[:, clones],
        ref=data.ref[:, clones],
        dcf=data.dcf[clones],
        dcf_low=data.dcf_low[clones],
        dcf_high=data.dcf_high[clones],
        log_likelihood=data.log_likelihood[clones],
    )


def _relabelled(
    data: PhyloInput,
    labels: list,
    probability: list,
    membership: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> PhyloInput:
    numbers = [int(label) for label in labels]
    sizes = np.array([numbers.count(name) for name in data.cluster_ids], dtype=np.int64)
    mutations = {**data.mutations, "cluster_id": labels, "cluster_probability": probability}
    return replace(data, mutations=mutations, membership=membership, n_mutations=sizes)
