"""Posterior of each mutation over clusters, given the others: the predictive of its reads under each."""

from __future__ import annotations

import numpy as np

IMPOSSIBLE = 1e-300


def cluster_sums(tensor: np.ndarray, label: np.ndarray, count: int) -> np.ndarray:
    """Log-likelihoods (K, S, G) summed over the members of each cluster; label −1 belongs to none."""
    out = np.zeros((count, *tensor.shape[1:]))
    for cluster in range(count):
        out[cluster] = tensor[label == cluster].sum(axis=0)
    return out


def dcf_posterior(sums: np.ndarray, log_prior: np.ndarray) -> np.ndarray:
    """Posterior (…, S, G) of the DCF on the grid, from log-likelihoods of that shape."""
    logs = sums + log_prior
    logs -= logs.max(axis=-1, keepdims=True)
    out = np.exp(logs)
    return out / out.sum(axis=-1, keepdims=True)


def log_predictive(
    tensor: np.ndarray, likelihood: np.ndarray, label: np.ndarray, sums: np.ndarray, log_prior: np.ndarray
) -> np.ndarray:
    """Log predictive (N, K) of each mutation's reads under each cluster without itself.

    likelihood is exp(tensor), (N, S, G); sums is (K, S, G).
    """
    posterior = dcf_posterior(sums, log_prior)
    out = np.zeros((len(tensor), len(sums)))
    for sample in range(tensor.shape[1]):
        out += np.log(np.maximum(likelihood[:, sample] @ posterior[:, sample].T, IMPOSSIBLE))
    for cluster in range(len(sums)):  # its own cluster must not be praised for having it
        members = np.flatnonzero(label == cluster)
        without = dcf_posterior(sums[cluster] - tensor[members], log_prior)
        inner = np.einsum("nsg,nsg->ns", likelihood[members], without)
        out[members, cluster] = np.log(np.maximum(inner, IMPOSSIBLE)).sum(axis=1)
    return out


def log_alone(likelihood: np.ndarray, log_prior: np.ndarray) -> np.ndarray:
    """Log marginal (N,) of each mutation's reads in no cluster's company."""
    return np.log(np.maximum(likelihood @ np.exp(log_prior), IMPOSSIBLE)).sum(axis=1)
