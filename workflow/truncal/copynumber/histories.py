"""What may have happened to one allele after its base state, weighed by its mean copies in every sample."""

from __future__ import annotations

import math

from truncal.ccf.jit import njit

NONE, LOSS, GAIN, BOTH = 0, 1, 2, 3
EVENT_PRIOR = (0.8, 0.1, 0.1, 0.01)
"""Prior of an allele's history after its base state: no subclonal event, a loss, a gain, one of each."""

UNAFFECTED, WHOLLY = 0.35, 0.2
"""Prior that none, or all, of a sample's cells have an event that another sample has."""

NOMINAL_ERROR = 0.05
"""Error at which whole copy numbers are compared with a base state."""

BESIDE, WITHIN, ABOVE = 0.4, 0.4, 0.2
"""Prior of where a loss struck where some cells have a doubled genome: beside them, in some of them (which
have twice the copies to lose), or in an ancestor of all of them."""


@njit
def weigh_histories(x, base, doubled, error, exact, base_log_prior, away, weights):
    """Weigh the histories of an allele with mean copies x (S,) and a base copy number, into weights (4,).

    doubled: (S,) fraction of cancer cells with a doubled genome, which have twice the base. exact: (S,)
    whether whole copy numbers are known to be whole. away: (2, S), filled with the copies that a loss and a
    gain changed in each sample, pulled to 0 as far as
    the error explains them. The weights are densities of x; they are compared between base copy numbers.
    """
    sd = error if error > 0 else NOMINAL_ERROR
    for history in range(4):
        weights[history] = (
            math.log(EVENT_PRIOR[history]) + base_log_prior[min(base, base_log_prior.shape[0] - 1)]
        )
    most = 0.0
    for s in range(x.shape[0]):
        d = x[s] - base * (1.0 + doubled[s])
        most = max(most, abs(d))
        part = 1 - UNAFFECTED - WHOLLY
        if not exact[s]:
            still, whole = _density(d, sd), _density(abs(d) - 1.0, sd)
            lower, upper = part * _uniform(-d, sd), part * _uniform(d, sd)
        elif x[s] == round(x[s]):
            still, whole = (1.0, 0.0) if d == 0.0 else (0.0, 0.25 ** (abs(d) - 1.0))
            lower, upper = 0.0, 0.0
        else:
            still, whole = 0.0, 0.0
            lower, upper = part * _uniform(-d, sd), part * _uniform(d, sd)
        lost = lower + (WHOLLY * whole if d < 0 else 0.0)
        gained = upper + (WHOLLY * whole if d > 0 else 0.0)
        weights[NONE] += math.log(still + 1e-12)
        weights[LOSS] += math.log(UNAFFECTED * still + lost + 1e-12)
        weights[GAIN] += math.log(UNAFFECTED * still + gained + 1e-12)
        weights[BOTH] += math.log(UNAFFECTED * still + 0.5 * (gained + lost) + 1e-12)
        for side in range(2):
            toward = d if side == 1 else -d
            event = upper if side == 1 else lower
            total = UNAFFECTED * still + event + (WHOLLY * whole if toward > 0 else 0.0)
            away[side, s] = 0.0
            if exact[s] and x[s] == round(x[s]):
                away[side, s] = max(toward, 0.0)
            elif total > 0.0:
                full = WHOLLY * whole if toward > 0 else 0.0
                away[side, s] = (event * _cut(toward, sd) + full) / total
    return most


@njit
def share_beside(lost, doubled, exact):
    """Posterior that a loss of a base copy struck cells beside the doubled ones, from its means (S,).

    With f doubled, a loss beside them takes l ≤ 1 − f of the copies, and those cells are without any. One in
    doubled cells takes one of two, l ≤ f, and none in a sample without such cells. One in an ancestor, of
    which φ ≥ f cells descend, is inherited twice by doubled cells: l = φ + f ≥ 2f. Each l is 0 (2f) with
    `UNAFFECTED`, else uniform. exact: (S,) see `weigh_histories`.
    """
    beside, within, above = 0.0, 0.0, 0.0
    for s in range(lost.shape[0]):
        x, f = lost[s], doubled[s]
        if exact[s]:
            gone = x > 1e-6
            here = 1.0 - UNAFFECTED if gone else UNAFFECTED
            beside += math.log(here)
            above += math.log(here)
            within += math.log(1e-4) if gone else 0.0
            continue
        beside += math.log(_part(x, 0.0, 1.0 - f))
        within += math.log(_part(x, 0.0, f))
        above += math.log(_part(x, 2.0 * f, 1.0 + f))
    top = max(beside, within, above)
    beside, within = BESIDE * math.exp(beside - top), WITHIN * math.exp(within - top)
    return beside / (beside + within + ABOVE * math.exp(above - top))


@njit
def _part(x, low, high):
    """Density of x, known to `NOMINAL_ERROR`: at `low` with `UNAFFECTED`, else uniform from it to `high`."""
    sd = NOMINAL_ERROR
    at_low = _density(x - low, sd) + 1e-6
    if high - low < sd:
        return at_low
    scale = sd * math.sqrt(2.0)
    between = 0.5 * (math.erf((x - low) / scale) - math.erf((x - high) / scale)) / (high - low)
    return UNAFFECTED * at_low + (1.0 - UNAFFECTED) * between


@njit
def _density(d, sd):
    return math.exp(-0.5 * (d / sd) ** 2) / (sd * math.sqrt(2 * math.pi))


@njit
def _cut(mean, sd):
    """Mean of a normal distribution's positive part."""
    z = mean / sd
    if z > 5.0:
        return mean
    if z < -4.0:
        return 0.2 * sd
    return mean + sd * math.exp(-0.5 * z * z) / (
        math.sqrt(2 * math.pi) * 0.5 * math.erfc(-z / math.sqrt(2.0))
    )


@njit
def _uniform(d, sd):
    """Density of a distance: uniform on 0..1 with error, a quarter of that for each further copy."""
    scale = sd * math.sqrt(2.0)
    value = 0.5 * (math.erf(d / scale) - math.erf((d - 1) / scale))
    further = 0.25
    for step in range(1, 6):
        value += further * 0.5 * (math.erf((d - step) / scale) - math.erf((d - step - 1) / scale))
        further *= 0.25
    return value
