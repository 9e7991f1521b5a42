"""Every shared copy-number file, against a plain reading of its columns, or refused for the right reason."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from truncal.copynumber.readers import read_segments
from truncal.copynumber.segments import Segments
from truncal.errors import UserError

Row = tuple[str, int, int, float, float, float, float, float]
NAN = float("nan")


@pytest.fixture(scope="module")
def fixtures(shared: Path) -> Path:
    return shared / "data" / "cn-fixtures"


def fields(path: Path, delimiter: str = "\t") -> list[list[str]]:
    """Rows after the header, without SAM-style header lines."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    rows = csv.reader(text.splitlines(), delimiter=delimiter)
    return [row for row in rows if row and not row[0].startswith("@")][1:]


def number(text: str) -> float:
    return NAN if text in ("NA", "", "NaN") else float(text)


def plain(chrom: str, start: int, end: int, major: float, minor: float, *second: float) -> Row:
    name = chrom.removeprefix("chr")
    return ({"23": "X"}.get(name, name), start, end, major, minor, *(second or (NAN, NAN, NAN)))  # type: ignore[return-value]


def rows_of(segments: Segments) -> list[Row]:
    columns = (
        *(segments.chrom, segments.start, segments.end, segments.major, segments.minor),
        *(segments.major_2, segments.minor_2, segments.fraction_2),
    )
    return list(zip(*(column.tolist() for column in columns), strict=True))


def same(segments: Segments, expected: list[Row]) -> None:
    found = sorted(rows_of(segments), key=lambda row: row[:3])
    expected = sorted(expected, key=lambda row: row[:3])
    assert [row[:3] for row in found] == [row[:3] for row in expected]
    np.testing.assert_allclose([row[3:] for row in found], [row[3:] for row in expected], atol=1e-9)


@pytest.mark.parametrize("number_of_sample", [0, 1])
def test_ascat(fixtures: Path, number_of_sample: int) -> None:
    path = fixtures / "ascat_A17.segments.txt"
    table = fields(path)
    sample = sorted({row[0] for row in table})[number_of_sample]
    expected = [plain(r[1], int(r[2]), int(r[3]), int(r[4]), int(r[5])) for r in table if r[0] == sample]
    segments = read_segments(path, ["none", sample], build="GRCh37")
    assert segments.tool == "ASCAT"
    same(segments, expected)


def test_pcgr(fixtures: Path) -> None:
    path = fixtures / "pcgr_T001.grch38.cna.tsv"
    expected = [plain(r[0], int(r[1]), int(r[2]), int(r[3]), int(r[4])) for r in fields(path)]
    segments = read_segments(path, build="GRCh38")
    assert segments.tool == "PCGR"
    same(segments, expected)
    with pytest.raises(UserError, match=r"is not GRCh37: .* the segments fit GRCh38"):
        read_segments(path, build="GRCh37")


@pytest.mark.parametrize("name", ["sequenza_primary", "sequenza_relapse"])
def test_sequenza(fixtures: Path, name: str) -> None:
    path = fixtures / f"{name}.segments.txt"
    expected = [plain(r[0], int(r[1]), int(r[2]), int(r[10]), int(r[11])) for r in fields(path)]
    same(read_segments(path, build="GRCh37"), expected)


def battenberg(row: list[str], first: int, at: int) -> Row:
    """`first`: column of the chromosome, `at`: of nMaj1_A."""
    major, minor, share, major_2, minor_2 = (number(row[at + k]) for k in range(5))
    if share == 1 or np.isnan(major_2):
        return plain(row[first], int(row[first + 1]), int(row[first + 2]), major, minor)
    mean = share * major + (1 - share) * major_2, share * minor + (1 - share) * minor_2
    pairs = [(major, major_2), (minor, minor_2)]
    if mean[1] > mean[0]:
        pairs.reverse()
    (a, a_2), (b, b_2) = pairs
    return plain(row[first], int(row[first + 1]), int(row[first + 2]), a, b, a_2, b_2, 1 - share)


def test_battenberg_with_two_populations(fixtures: Path) -> None:
    path = fixtures / "battenberg_A22_two_samples.csv"
    expected = [battenberg(row, 1, 8) for row in fields(path, ",") if row[0] == "A22-g"]
    segments = read_segments(path, ["A22-g"], build="GRCh37")
    assert (segments.fraction_2 > 0).sum() > 20
    same(segments, expected)


def test_battenberg_that_overlaps_is_refused(fixtures: Path) -> None:
    with pytest.raises(UserError, match="overlaps") as caught:
        read_segments(fixtures / "battenberg_A22_two_samples.csv", ["A22-a"])
    assert len(caught.value.faults) == 4  # as many as there are pairs of neighbours that overlap
    assert {fault.row for fault in caught.value.faults} == {189, 190, 192, 196}


def test_battenberg_consensus(fixtures: Path) -> None:
    path = fixtures / "battenberg_consensus_cna.txt.gz"
    same(read_segments(path, build="GRCh37"), [battenberg(row, 0, 7) for row in fields(path)])


def test_battenberg_with_row_names(fixtures: Path) -> None:
    path = fixtures / "battenberg_flat_subclones.txt"
    rows = [line.split() for line in path.read_text().splitlines()[1:]]
    expected = [plain(r[1], int(r[2]), int(r[3]), int(r[8]), int(r[9])) for r in rows]
    segments = read_segments(path, build="GRCh37")
    assert len(segments) == 22 and (segments.total == 2).all()
    same(segments, expected)


@pytest.mark.parametrize("sample", ["s_67", "s_76"])
def test_facets(fixtures: Path, sample: str) -> None:
    path = fixtures / "facets_example.cncf"
    expected = []
    for row in fields(path):
        if row[0] == sample:
            total, minor = number(row[4]), number(row[5])
            major = total if np.isnan(minor) else total - minor
            expected.append(plain(row[1], int(row[2]), int(row[3]), major, minor))
    segments = read_segments(path, [sample], build="GRCh37")
    same(segments, expected)
    assert (~segments.minor_known).any()
    assert "minor_copy_number_unknown" in dict(segments.notes)


@pytest.mark.parametrize("name", ["cnvkit_colo829.call.cns", "cnvkit_purecn_chr20.cns"])
def test_cnvkit_with_alleles(fixtures: Path, name: str) -> None:
    path = fixtures / name
    expected = []
    for row in fields(path):
        alleles = sorted(number(text) for text in row[7:9])
        major, minor = (number(row[6]), NAN) if np.isnan(alleles).any() else (alleles[1], alleles[0])
        expected.append(plain(row[0], int(row[1]) + 1, int(row[2]), major, minor))
    same(read_segments(path, build="GRCh37"), expected)


def test_cnvkit_with_the_total_only(fixtures: Path) -> None:
    path = fixtures / "cnvkit_total_only.call.cns"
    expected = [plain(r[0], int(r[1]) + 1, int(r[2]), int(r[5]), NAN) for r in fields(path)]
    segments = read_segments(path, build="GRCh37")
    same(segments, expected)
    assert not segments.minor_known.any()
    assert "100%" in dict(segments.notes)["minor_copy_number_unknown"]


def test_purecn_result(fixtures: Path) -> None:
    path = fixtures / "purecn_results_seg.csv"
    expected = [plain(r[1], int(r[2]), int(r[3]), float(r[9]), NAN) for r in fields(path, ",")]
    segments = read_segments(path, ["whatever"], build="GRCh37")  # one sample: its name does not matter
    same(segments, expected)


@pytest.mark.parametrize("sample", ["A17D", "A17E", "A17F"])
def test_hatchet_segments(fixtures: Path, sample: str) -> None:
    path = fixtures / "hatchet_A17_seg.ucn.tsv"
    expected = []
    for row in fields(path):
        if row[3] == sample:
            alleles = [int(copies) for copies in row[6].split("|")]
            expected.append(plain(row[0], int(row[1]) + 1, int(row[2]), max(alleles), min(alleles)))
            purity = 1 - float(row[5])
    segments = read_segments(path, [sample])
    same(segments, expected)
    assert segments.purity == pytest.approx(purity)


@pytest.mark.parametrize("name", ["hatchet_best.bbc.ucn.gz", "hatchet_small_best.bbc.ucn"])
def test_hatchet_bins_are_joined(fixtures: Path, name: str) -> None:
    path = fixtures / name
    segments = read_segments(path, ["Tumor2"], build="GRCh37")
    bins = [row for row in fields(path) if row[3] == "Tumor2"]
    assert len(segments) < len(bins) / 10
    assert segments.length.sum() == sum(int(row[2]) - int(row[1]) for row in bins)
    for row in bins:
        (at,) = np.flatnonzero((segments.start <= int(row[1]) + 1) & (segments.end >= int(row[2])))
        assert sorted(map(float, row[13].split("|"))) == [segments.minor[at], segments.major[at]]


def test_hatchet_sample_without_cancer_cells(fixtures: Path) -> None:
    with pytest.raises(UserError, match="no cancer cells"):
        read_segments(fixtures / "hatchet_toy_seg.ucn", ["A2"])
    segments = read_segments(fixtures / "hatchet_toy_seg.ucn", ["A5"])
    assert segments.purity == pytest.approx(0.618914)
    assert segments.major.tolist() == [2, 2] and segments.minor.tolist() == [1, 0]


GATK = ["gatk_modelFinal.seg", "gatk_modelFinal_sample2.seg", "gatk_called.seg"]


@pytest.mark.parametrize("name", GATK)
def test_gatk_needs_purity_and_ploidy(fixtures: Path, name: str) -> None:
    with pytest.raises(UserError, match="copy ratios, no copy numbers; give `purity` and `ploidy`"):
        read_segments(fixtures / name)


@pytest.mark.parametrize("name", GATK)
def test_gatk_ratios_follow_from_the_copies(fixtures: Path, name: str) -> None:
    """The copies, put through the mixture of tumour and normal cells, give the ratios back."""
    purity, ploidy = 0.7, 2.6
    segments = read_segments(fixtures / name, purity=purity, ploidy=ploidy, build="GRCh37")
    called = name == "gatk_called.seg"
    for row in fields(fixtures / name):
        name_, log_ratio = row[0].removeprefix("chr"), number(row[4 if called else 6])
        on = (segments.chrom == name_) & (segments.end == int(row[2]))
        assert on.sum() == int(name_.isdigit())
        if not on.any():
            continue
        total = segments.total[on][0]
        ratio = (purity * total + 2 * (1 - purity)) / (purity * ploidy + 2 * (1 - purity))
        if total > 0:
            assert (
                abs(ratio - 2**log_ratio) <= 0.25 * 2 * purity / (purity * ploidy + 2 * (1 - purity)) + 1e-9
            )
        fraction = NAN if called else number(row[9])
        assert segments.minor_known[on][0] == (not np.isnan(fraction))
    assert "copies_from_ratios" in dict(segments.notes)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("cnvkit_log2_only.cns", "log2 ratios only"),
        ("purecn_dnacopy.seg", "log2 ratios only"),
        ("purecn_results_variants.csv", "table of variants, not of segments"),
        ("purecn_purity.csv", "summary of purity and ploidy, not a table of segments"),
        ("manifest.tsv", "no known segment format; found columns file, format"),
    ],
)
def test_refused(fixtures: Path, name: str, reason: str) -> None:
    with pytest.raises(UserError, match=reason) as caught:
        read_segments(fixtures / name, purity=0.6, ploidy=2.0)
    assert len(caught.value.faults) == 1 and name in str(caught.value)


def test_every_fixture_is_covered(fixtures: Path) -> None:
    text = Path(__file__).read_text()
    names = [path.name for path in fixtures.iterdir() if path.name not in ("README.md",)]
    stems = ("sequenza_primary", "sequenza_relapse")
    assert [name for name in names if name not in text and not name.startswith(stems)] == []
