"""The posterior over trees: by enumeration where that is possible, by Markov chains above, and what
follows from it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from truncal.phylogeny.evidence import Evidence
from truncal.phylogeny.prior import ABSENCE, log_prior
from truncal.phylogeny.problem import Problem, Run, pose
from truncal.progress import steps

KEPT = 1e-9
"""Enumerated trees less probable than this against the best are left out."""

BURN = 8
"""Sweeps of a chain before trees are kept."""

ROUND = 30
"""Trees kept of each chain before the chains are looked at; later rounds make them half as long again."""

EFFORT = 1.35e6
"""At most EFFORT / (K² S) trees are kept of each chain, but at least `FEWEST`: the cost of a sweep grows
like K² S."""

FEWEST = 50

STUCK = 12.0
"""A chain whose median score in the first round is this far below the best chain's goes on from the best
one's tree."""

EFFECTIVE, AGREED = 400.0, 0.1
"""Effective samples of all chains and largest deviation of an edge's probability between chains that are
enough."""

SMALL = 8
"""Up to this many clones the chains go on until they have seen nearly every tree that matters."""

LEAST, LEAST_SMALL = 200.0, 800.0
"""Effective samples without which the chains go on in any case."""

UNSEEN = 0.01
"""Share of the posterior that chains may have left unseen (Good–Turing) when they stop before they have
`EFFECTIVE` samples."""

WEIGHED = 0.05
"""The same for trees to be weighed by their score: what is unseen then moves edges by less than chance does
in visits."""


@dataclass(frozen=True)
class TreePosterior:
    """Distinct trees (T, K), best first, their probabilities (T,) and log-likelihoods (T,).

    The log-likelihood is the marginal one, log p(reads | tree) up to a constant of the patient.
    diagnostics: what the sampler says about itself, empty for exact posteriors.
    """

    trees: np.ndarray
    probability: np.ndarray
    log_likelihood: np.ndarray
    method: str
    diagnostics: dict[str, float]


def tree_posterior(
    facts: Evidence,
    classes: np.ndarray,
    *,
    exact_up_to: int,
    chains: int,
    samples: int,
    seed: int,
    threads: int = 1,
    absence: np.ndarray = ABSENCE,
    start: np.ndarray | None = None,
) -> TreePosterior:
    """Posterior over rooted trees of K clones; classes: (2,) log prior of a tree with one root clone and
    with several.

    start: (K,) tree from which every other chain starts, −1 for clones that are to be inserted.

    Clones and samples are put into an order that depends on their evidence alone, so other labels give
    the same result.
    """
    problem = pose(facts, classes, absence)
    every = problem.enumerate() if len(problem.order) <= exact_up_to else None
    if every is not None:
        trees, score = every
        found = _ordered(trees, score, score - log_prior(trees, classes), "exact", {})
    else:
        warm = None if start is None else problem.placed(start)
        found = _sampled(problem, chains, samples, seed, threads, warm)
    return replace(found, trees=problem.given_back(found.trees))


def _ordered(
    trees: np.ndarray,
    score: np.ndarray,
    log_likelihood: np.ndarray,
    method: str,
    diagnostics: dict[str, float],
) -> TreePosterior:
    weight = np.exp(score - score.max())
    keep = np.flatnonzero(weight >= KEPT)
    keep = keep[np.argsort(-weight[keep], kind="stable")]
    return TreePosterior(
        trees[keep], weight[keep] / weight[keep].sum(), log_likelihood[keep], method, diagnostics
    )


def _sampled(
    problem: Problem, chains: int, samples: int, seed: int, threads: int, warm: np.ndarray | None
) -> TreePosterior:
    """Chains in rounds until they have seen enough and agree, or their effort is used up.

    warm: (K,) tree from which every other chain starts.
    """
    count, width = problem.facts.low.shape
    numbers = np.random.SeedSequence(seed).generate_state(chains * 100).reshape(chains, 100)
    most = int(np.clip(EFFORT / (count * count * width), FEWEST, samples))
    nothing = np.full(count, -1, dtype=np.int64)
    runs: list[Run] = []
    for turn in range(100):
        kept = len(runs[0][0]) if runs else 0
        length = min(max(ROUND, kept // 2), most - kept)
        if length <= 0:
            break

        def one(index: int, turn: int = turn, length: int = length, before: list[Run] = runs) -> Run:
            first = nothing if warm is None or index % 2 else warm
            start = before[index][0][-1] if turn else first
            return problem.run(int(numbers[index, turn]), start, 0 if turn else BURN, length)

        said = f"trees, {length} from each chain"
        with ThreadPoolExecutor(threads) as pool, steps(said, chains) as advance:
            found = []
            for run in pool.map(one, range(chains)) if threads > 1 else map(one, range(chains)):
                found.append(run)
                advance()
        if runs:
            found = [
                (np.concatenate([old[0], new[0]]), np.concatenate([old[1], new[1]]))
                for old, new in zip(runs, found, strict=True)
            ]
        runs = _freed(found) if turn == 0 else found
        if _enough(runs, count):
            break
    return combine(runs, problem.classes, count)


def _freed(runs: list[Run]) -> list[Run]:
    """Chains of the first round, those stuck far below the best replaced by it."""
    middle = [float(np.median(scores)) for _, scores in runs]
    best = int(np.argmax(middle))
    return [
        runs[best] if middle[best] - value > STUCK else run for run, value in zip(runs, middle, strict=True)
    ]


def _enough(runs: list[Run], count: int) -> bool:
    """Whether the chains saw nearly every tree that matters, or enough of them and agree."""
    trees = np.concatenate([trees for trees, _ in runs])
    _, visits = np.unique(trees, axis=0, return_counts=True)
    said = agreement(runs, count)
    if said["effective_samples"] < (LEAST_SMALL if count <= SMALL else LEAST):
        return False
    if (visits == 1).sum() / len(trees) < UNSEEN and said["r_hat"] < 1.05:
        return True
    if count <= SMALL:
        return False
    return said["effective_samples"] >= EFFECTIVE and said["r_hat"] < 1.05 and said["edge_deviation"] < AGREED


def combine(runs: list[Run], classes: np.ndarray, count: int) -> TreePosterior:
    """Distinct trees of all chains: weighed by their score where the chains saw nearly all, else by
    their visits."""
    all_trees = np.concatenate([trees for trees, _ in runs])
    scores = np.concatenate([score for _, score in runs])
    trees, first, visits = np.unique(all_trees, axis=0, return_index=True, return_counts=True)
    score = scores[first]
    unseen = float((visits == 1).sum() / len(all_trees))
    log_likelihood = score - log_prior(trees, classes)
    diagnostics = {"unseen": unseen, **agreement(runs, count)}
    if unseen < WEIGHED:
        return _ordered(trees, score, log_likelihood, "sampled", diagnostics)
    order = np.lexsort((-score, -visits))
    return TreePosterior(
        trees[order], visits[order] / visits.sum(), log_likelihood[order], "sampled", diagnostics
    )


def agreement(runs: list[Run], count: int) -> dict[str, float]:
    """How well the chains agree: largest and mean deviation of edge probabilities, effective sample
    size, R-hat."""
    edges = np.stack([edge_probability(trees, np.full(len(trees), 1 / len(trees))) for trees, _ in runs])
    off = np.abs(edges - edges.mean(axis=0))
    scores = np.stack([score for _, score in runs])
    within = scores.var(axis=1, ddof=1).mean()
    between = scores.mean(axis=1).var(ddof=1) if len(runs) > 1 else 0.0
    return {
        "chains": len(runs),
        "edge_deviation": float(off.max()),
        "edge_deviation_mean": float(off.sum() / count / len(runs)),
        "effective_samples": float(sum(effective_size(score) for score in scores)),
        "r_hat": float(np.sqrt(1 + between / within)) if within > 0 else 1.0,
    }


def effective_size(values: np.ndarray) -> float:
    """Effective sample size of a chain by its initial positive autocorrelations (Geyer 1992)."""
    n = len(values)
    centred = values - values.mean()
    variance = float(centred @ centred) / n
    if variance <= 1e-12 or n < 4:
        return float(n)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(centred, size)
    rho = np.fft.irfft(spectrum * np.conj(spectrum), size)[:n] / (n * variance)
    pairs = rho[: n // 2 * 2].reshape(-1, 2).sum(axis=1)
    stop = np.flatnonzero(pairs <= 0)
    total = pairs[: stop[0] if len(stop) else len(pairs)].sum()
    return float(min(n, n / max(2 * total - 1, 1e-9))) if total > 0 else float(n)


def edge_probability(trees: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Probability (K + 1, K) of each node (0: the root) as parent of each clone."""
    count = trees.shape[1]
    out = np.zeros((count + 1, count))
    for k in range(count):
        out[:, k] = np.bincount(trees[:, k], weights=probability, minlength=count + 1)
    return out


def ancestor_probability(trees: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Probability (K, K) that clone a is an ancestor of clone b."""
    count = trees.shape[1]
    out = np.zeros((count, count))
    columns = np.arange(count)
    at = trees.copy()
    weight = np.broadcast_to(probability[:, None], trees.shape)
    while True:
        inside = at > 0
        if not inside.any():
            return out
        rows, cols = np.nonzero(inside)
        np.add.at(out, (at[rows, cols] - 1, columns[cols]), weight[rows, cols])
        step = np.zeros_like(at)
        step[rows, cols] = trees[rows, at[rows, cols] - 1]
        at = step


def consensus(ancestor: np.ndarray) -> np.ndarray:
    """Parent vector (K,) of the tree of ancestries that hold in most of the posterior.

    A clone hangs under the deepest clone that is its ancestor with a probability above ½; what the
    posterior does not resolve stays a branching (Margush & McMorris 1981, majority rule).
    """
    depth = ancestor.sum(axis=0)
    count = len(ancestor)
    parents = np.zeros(count, dtype=np.int64)
    for k in range(count):
        above = [a for a in range(count) if ancestor[a, k] > 0.5 and depth[a] < depth[k] - 1e-12]
        if above:
            parents[k] = max(above, key=lambda a: (depth[a], ancestor[a, k])) + 1
    return parents
