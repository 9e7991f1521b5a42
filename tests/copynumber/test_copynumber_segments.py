"""Segments: checks, the join to mutations, and the chromosomes they lie on."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truncal.copynumber.genome import (
    LENGTHS,
    PSEUDOAUTOSOMAL,
    builds_that_fit,
    canonical,
    normal_copies,
)
from truncal.copynumber.readers import read_segments
from truncal.copynumber.segments import Segments, join, make_segments, merge_equal, segment_names
from truncal.errors import UserError


def segments_of(rows: list[tuple[str, int, int, float, float]], **options: object) -> Segments:
    chrom, start, end, major, minor = zip(*rows, strict=True)
    return make_segments(chrom, *map(np.array, (start, end, major, minor)), **options)  # type: ignore[arg-type]


@st.composite
def sorted_segments(draw: st.DrawFn) -> list[tuple[str, int, int, float, float]]:
    rows = []
    for chrom in draw(st.sets(st.sampled_from(["1", "2", "10", "X"]), min_size=1)):
        edges = sorted(draw(st.sets(st.integers(1, 60), min_size=2, max_size=12)))
        for low, high in zip(edges[::2], edges[1::2], strict=False):
            rows.append((chrom, low, high, float(draw(st.integers(1, 5))), float(draw(st.integers(0, 1)))))
    return draw(st.permutations(rows))


@given(
    sorted_segments(),
    st.lists(st.tuples(st.sampled_from(["chr1", "2", "chr10", "X", "3"]), st.integers(1, 70)), max_size=20),
    st.booleans(),
)
def test_join_agrees_with_a_search_one_by_one(
    rows: list[tuple[str, int, int, float, float]], sites: list[tuple[str, int]], nearest: bool
) -> None:
    segments = segments_of(rows)
    if not {canonical(chrom) for chrom, _ in sites} & {row[0] for row in rows}:
        return
    joined = join(
        segments,
        [chrom for chrom, _ in sites],
        np.array([pos for _, pos in sites], dtype=np.int64),
        fill="nearest" if nearest else "none",
    )
    for i, (chrom, pos) in enumerate(sites):
        on = [row for row in rows if row[0] == canonical(chrom)]
        over = [row for row in on if row[1] <= pos <= row[2]]
        expected = over[0] if over else None
        if nearest and expected is None and on:
            gaps = [(max(row[1] - pos, pos - row[2]), row[1], row) for row in on]
            expected = min(gaps)[2]
        if expected is None:
            assert joined.index[i] == -1 and np.isnan(joined.major[i]) and not joined.minor_known[i]
        else:
            assert (joined.major[i], joined.minor[i]) == (max(expected[3:]), min(expected[3:]))
            assert segment_names(segments)[joined.index[i]] == f"{expected[0]}:{expected[1]}-{expected[2]}"
        assert joined.imputed[i] == (expected is not None and not over)


def test_join_of_many_mutations_is_fast() -> None:
    rng = np.random.default_rng(3)
    rows = []
    for chrom in LENGTHS["GRCh38"]:
        edges = np.sort(rng.choice(50_000_000, 400, replace=False)) + 1
        rows += [(chrom, int(a), int(b) - 1, 2.0, 1.0) for a, b in pairwise(edges)]
    segments = segments_of(rows)
    chrom = [f"chr{name}" for name in rng.choice(list(LENGTHS["GRCh38"]), 100_000)]
    pos = rng.integers(1, 50_000_000, 100_000)
    start = time.process_time()
    joined = join(segments, chrom, pos)
    assert time.process_time() - start < 0.5
    found = joined.index >= 0
    assert found.mean() > 0.95
    assert (segments.start[joined.index[found]] <= pos[found]).all()
    assert (segments.end[joined.index[found]] >= pos[found]).all()
    assert (segments.chrom[joined.index[found]] == np.array([name[3:] for name in chrom])[found]).all()


def test_alleles_keep_their_identity_between_populations() -> None:
    second = (np.array([1.0, 2.0, np.nan]), np.array([3.0, 1.0, np.nan]), np.array([0.6, 0.5, np.nan]))
    segments = make_segments(
        ["1"] * 3,
        np.array([1, 11, 21]),
        np.array([10, 20, 30]),
        np.array([2, 2, 0]),
        np.array([1, 1, 2]),
        second,
    )
    assert segments.major.tolist() == [1, 2, 2] and segments.minor.tolist() == [2, 1, 0]
    assert segments.major_2[0] == 3 and segments.minor_2[0] == 1
    assert np.isnan(segments.fraction_2[1:]).all()  # a second population like the first is none
    np.testing.assert_allclose(segments.total, [3.6, 3, 2])
    np.testing.assert_allclose(segments.mean_major, [2.2, 2, 2])


def test_unknown_minor_is_the_total_in_major() -> None:
    segments = segments_of([("1", 1, 10, 3, np.nan), ("1", 11, 20, 2, 1)])
    assert segments.total.tolist() == [3, 3]
    assert segments.minor_known.tolist() == [False, True]
    assert join(segments, ["1", "1"], np.array([5, 15])).minor_known.tolist() == [False, True]


def test_touching_segments_and_bins() -> None:
    segments = segments_of(
        [("1", 0, 10, 2, 1), ("1", 10, 20, 2, 1), ("1", 20, 30, 1, 1), ("2", 31, 40, 1, 1)]
    )
    assert segments.start.tolist() == [1, 11, 21, 31]
    merged = merge_equal(segments)
    assert list(zip(merged.chrom, merged.start, merged.end, strict=True)) == [
        ("1", 1, 20),
        ("1", 21, 30),
        ("2", 31, 40),
    ]


def test_faults_of_segments_all_at_once() -> None:
    rows = [("1", 1, 100, 1, 1), ("1", 90, 200, 1, 1), ("2", 50, 40, 1, 1), ("3", 1, 198_100_000, 1, 1)]
    with pytest.raises(UserError) as caught:
        segments_of(rows, build="GRCh37", file=Path("s.tsv"))
    text = str(caught.value)
    assert "s.tsv, row 4: segment 2:50-40 ends before it starts" in text
    assert "is not GRCh37: a segment of chromosome 3 ends at 198100000, beyond its end 198022430" in text
    assert "the segments fit GRCh38" in text
    assert "row 3: segment 1:90-200 overlaps 1-100 (row 2)" in text


def test_no_chromosome_in_common() -> None:
    segments = segments_of([("1", 1, 100, 1, 1), ("2", 1, 100, 1, 1)])
    with pytest.raises(UserError, match=r"no chromosome in common .* segments on 1, 2, mutations on chrUn_x"):
        join(segments, ["chrUn_x"], np.array([5]))
    assert len(join(segments, [], np.array([], dtype=np.int64)).index) == 0


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty; expected a header"),
        ("chr\tstartpos\tendpos\tnMajor\tnMinor\n", "a header but no segments"),
        ("chr\tstartpos\tendpos\tnMajor\tnMinor\n1\t1\tx\t1\t1\n", "row 2, column endpos: x is not a number"),
        (
            "chr\tstartpos\tendpos\tnMajor\tnMinor\n1\t1.5\t9\t1\t1\n",
            "row 2, column startpos: 1.5 is not a position",
        ),
        ("chr\tstartpos\tendpos\tnMajor\tnMinor\n1\t1\t9\t-1\t1\n", "column nmajor: -1 is not a number ≥ 0"),
        ("chr\tstartpos\tendpos\tnMajor\tnMinor\n1\t1\t9\t1\n", "row 2: has 4 fields, the header 5"),
        ("chr\tstartpos\tendpos\tnMajor\tnMinor\n1\t1\t9\tNA\tNA\n", "no segment with a copy number"),
        ("chr\tchr\tendpos\tnMajor\tnMinor\n1\t1\t9\t1\t1\n", "column chr occurs more than once"),
        ("a\tb\n1\t2\n", "no known segment format; found columns a, b; expected those of Battenberg"),
    ],
)
def test_faults_of_files(tmp_path: Path, text: str, reason: str) -> None:
    path = write(tmp_path / "s.tsv", text)
    with pytest.raises(UserError) as caught:
        read_segments(path)
    assert reason in str(caught.value) and str(path) in str(caught.value)


def test_missing_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        read_segments(tmp_path / "none.tsv")
    path = tmp_path / "binary.tsv"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(UserError, match="not UTF-8 text"):
        read_segments(path)


def test_a_file_of_several_samples_needs_the_name(tmp_path: Path) -> None:
    text = "sample\tchr\tstartpos\tendpos\tnMajor\tnMinor\nA\t1\t1\t9\t1\t1\nB\t1\t1\t9\t2\t0\n"
    path = write(tmp_path / "s.tsv", text)
    assert read_segments(path, ["x", "B"]).major.tolist() == [2]
    with pytest.raises(UserError, match=r"holds 2 samples \(A, B\), none called x or y"):
        read_segments(path, ["x", "y"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("chr1", "1"), ("1", "1"), ("Chr7", "7"), ("chrX", "X"), ("x", "X"), ("23", "X"), ("24", "Y"),
        ("chrM", "MT"), ("MT", "MT"), ("NC_000007.14", "7"), ("NC_000023.11", "X"),
        ("GL000192.1", "GL000192.1"),
    ],
)  # fmt: skip
def test_canonical_names(name: str, expected: str) -> None:
    assert canonical(name) == expected


def test_lengths_agree_with_the_shared_tables(shared: Path) -> None:
    for build, lengths in LENGTHS.items():
        rows = (shared / f"data/knowledge/chromosomes_{build}.tsv").read_text().splitlines()[1:]
        assert {row.split("\t")[0]: int(row.split("\t")[1]) for row in rows} == lengths


def test_builds_that_fit() -> None:
    assert builds_that_fit(["chr1"], [1000]) == {"GRCh37", "GRCh38"}
    assert builds_that_fit(["1", "17"], [1000, 83_000_000]) == {"GRCh38"}
    assert builds_that_fit(["1", "2"], [1000, 243_000_000]) == {"GRCh37"}
    assert builds_that_fit(["1"], [300_000_000]) == set()


def test_normal_copies() -> None:
    chrom = ["chr1", "X", "chrX", "Y", "MT"]
    pos = np.array([5, 50_000_000, 100_000, 10_000_000, 5])
    assert normal_copies(chrom, pos, "male", "GRCh38").tolist() == [2, 1, 2, 1, 0]
    assert normal_copies(chrom, pos, "female", "GRCh38").tolist() == [2, 2, 2, 0, 0]
    with pytest.raises(UserError, match="give the patient's `sex`"):
        normal_copies(chrom, pos, None)
    assert normal_copies(["1", "X"], np.array([5, 100_000]), None).tolist() == [2, 2]
    for build, regions in PSEUDOAUTOSOMAL.items():
        for name, spans in regions.items():
            assert all(start < end <= LENGTHS[build][name] for start, end in spans)
