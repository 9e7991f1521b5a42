"""Placement of variants on haplotypes, against plain strings."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from truncal.reads.bam_haplotypes import alternative, common_prefix, leftmost

CODES = dict(zip("ACGT", (1, 2, 4, 8), strict=True))


def codes(bases: str) -> np.ndarray:
    return np.array([CODES[base] for base in bases], np.uint8)


few = st.text("AC", min_size=12, max_size=20)  # two letters: full of repeats


@settings(deadline=None)  # compiled on the first call
@given(few, st.integers(2, 6), st.integers(0, 4), st.text("AC", max_size=4))
def test_variants_in_repeats(context: str, start: int, deleted: int, inserted: str) -> None:
    changed = context[:start] + inserted + context[start + deleted :]
    if changed == context or (deleted and inserted):
        return
    alt = codes(inserted)
    at = int(leftmost(codes(context), start, deleted, alt))
    placed = alternative(codes(context), at, deleted, alt)
    np.testing.assert_array_equal(placed, codes(changed))  # the same haplotype, however it is written
    same = [
        s
        for s in range(1, len(context) - deleted + 1)
        for bases in ({changed[s : s + len(inserted)]} if inserted else {""})
        if context[:s] + bases + context[s + deleted :] == changed
    ]
    assert at == min(same)
    shared = int(common_prefix(codes(context), at, deleted, alt))
    shortest = min(len(context), len(changed))
    expected = next((i for i in range(shortest) if context[i] != changed[i]), shortest) - at
    assert shared == expected
