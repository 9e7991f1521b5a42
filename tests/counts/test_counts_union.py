"""Merging a patient's files: nothing lost, nothing invented, whatever their order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from truncal.counts.mnvs import _part_of
from truncal.counts.union import genomic_order, unite
from truncal.reads.alleles import Key
from truncal.reads.mnv import adjacent_pairs, chains, counts_agree, same_haplotype, together_in_reads
from truncal.reads.vcf import Calls

KEYS = st.tuples(
    st.sampled_from(["1", "2", "X", "GL0001"]),
    st.integers(1, 6),
    st.sampled_from(["A", "C"]),
    st.sampled_from(["G", "T", "GT"]),
)
FILE = st.lists(st.tuples(KEYS, st.integers(0, 9), st.integers(0, 9), st.booleans()), max_size=12)


def _calls(name: str, rows: list[tuple[Key, int, int, bool]]) -> Calls:
    n = len(rows)
    alt = np.array([[row[1]] for row in rows], dtype=float).reshape(n, 1)
    ref = np.array([[row[2]] for row in rows], dtype=float).reshape(n, 1)
    return Calls(
        name,
        [row[0] for row in rows],
        ["chr" + row[0][0] for row in rows],
        [None] * n,
        alt,
        alt + ref,
        np.full(n, np.nan),
        np.full(n, np.nan),
        [None] * n,
        np.arange(n),
        np.ones(n, dtype=np.int64),
        "ad",
    )


@given(st.lists(FILE, min_size=1, max_size=4))
def test_union_holds_the_first_record_of_each_file_and_does_not_depend_on_their_order(files: list) -> None:
    names = [f"S{i}" for i in range(len(files))]
    parts = [
        (_calls(f"f{i}", rows), [None if row[3] else ("filter", "weak") for row in rows], [i])
        for i, rows in enumerate(files)
    ]
    union = unite(parts, names)
    again = unite(parts[::-1], names)
    assert union.key == again.key
    assert [v is None for v in union.verdict] == [v is None for v in again.verdict]
    for field in ("listed", "alt", "depth"):
        assert (getattr(union, field) == getattr(again, field)).all()
    twin: dict[Key, dict[int, tuple[int, int]]] = {}
    passing = set()
    repeated = 0
    for i, rows in enumerate(files):
        for key, alt, ref, fine in rows:
            if i in twin.setdefault(key, {}):
                repeated += 1
                continue
            twin[key][i] = (alt, alt + ref)
            if fine:
                passing.add(key)
    assert set(union.key) == set(twin)
    assert len(union.excluded) == repeated
    for n, key in enumerate(union.key):
        assert (union.verdict[n] is None) == (key in passing)
        for s in range(len(files)):
            assert union.listed[n, s] == (s in twin[key])
            if s in twin[key]:
                assert (union.alt[n, s], union.depth[n, s]) == twin[key][s]
    kept = union.passing()
    assert set(kept.key) == passing
    assert len(union.excluded) == repeated + len(twin) - len(passing)


@given(st.lists(KEYS, unique=True))
def test_genomic_order_sorts_by_chromosome_and_position(keys: list[Key]) -> None:
    rank = {"1": 0, "2": 1, "X": 2, "GL0001": 3}
    ordered = [keys[i] for i in genomic_order(keys).tolist()]
    assert ordered == sorted(keys, key=lambda key: (rank[key[0]], *key[1:]))


def test_adjacent_pairs_and_chains() -> None:
    keys = [
        ("1", 10, "A", "T"),
        ("1", 11, "C", "G"),
        ("1", 12, "C", "G"),
        ("1", 12, "C", "T"),
        ("1", 20, "A", "T"),
        ("2", 21, "A", "T"),
        ("2", 22, "AC", "A"),
    ]
    assert adjacent_pairs(keys) == [(0, 1), (1, 2), (1, 3)]
    assert chains([(0, 1)]) == [[0, 1]]
    assert chains([(0, 1), (1, 2)]) == [[0, 1, 2]]
    assert chains([(0, 1), (1, 2), (1, 3)]) == [[0, 1]]
    assert chains([(0, 2), (1, 2)]) == []


def test_evidence_for_one_change() -> None:
    assert same_haplotype([("5", 1), None], [("5", 1), ("9", 0)]) is True
    assert same_haplotype([("5", 1)], [("5", 0)]) is False
    assert same_haplotype([("5", 1)], [("6", 1)]) is None
    assert same_haplotype([("5", 1), ("7", 0)], [("5", 1), ("7", 1)]) is None
    assert together_in_reads(20, 1, 0) is True
    assert together_in_reads(5, 10, 8) is False
    assert together_in_reads(1, 0, 1) is None
    assert counts_agree(np.array([[40, 0], [38, 1]]))
    assert not counts_agree(np.array([[80, 10], [20, 10]]))
    assert _part_of(("7", 10, "T", "G"), ("7", 11, "G", "T"), ("7", 10, "TG", "GT"))
    assert _part_of(("7", 11, "T", "G"), ("7", 12, "G", "T"), ("7", 10, "ATG", "CGT"))
    assert not _part_of(("7", 10, "T", "G"), ("7", 11, "G", "A"), ("7", 10, "TG", "GT"))
