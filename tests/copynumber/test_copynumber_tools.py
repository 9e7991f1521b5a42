"""Files as the tools write them, in miniature: two populations, unknown minors, summaries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from truncal.copynumber.readers import read_segments
from truncal.errors import UserError

NAN = float("nan")


def write(path: Path, *rows: str, delimiter: str = "\t") -> Path:
    path.write_text("".join(row.replace(" ", delimiter) + "\n" for row in rows))
    return path


def copies(path: Path, **options: object) -> list[tuple[float, ...]]:
    s = read_segments(path, **options)  # type: ignore[arg-type]
    return [
        tuple(round(float(value), 6) for value in row)
        for row in zip(s.major, s.minor, s.major_2, s.minor_2, s.fraction_2, strict=True)
    ]


def same(found: list[tuple[float, ...]], expected: list[tuple[float, ...]]) -> None:
    np.testing.assert_allclose(found, [row + (NAN,) * (5 - len(row)) for row in expected])


PURPLE = (
    "chromosome start end copyNumber bafCount observedBAF baf segmentStartSupport segmentEndSupport method "
    "depthWindowCount gcContent minStart maxStart minorAlleleCopyNumber majorAlleleCopyNumber"
)


def test_purple(tmp_path: Path) -> None:
    path = write(
        tmp_path / "P1.purple.cnv.somatic.tsv",
        PURPLE,
        "chr1 1 1000 2.0456 10 0.5 0.5 TELOMERE NONE BAF_WEIGHTED 9 0.4 1 1 0.9876 1.058",
        "chr1 1001 2000 2.55 10 0.6 0.6 NONE NONE BAF_WEIGHTED 9 0.4 1 1 1.03 1.52",
        "chr1 2001 3000 -0.02 10 0.6 0.6 NONE TELOMERE BAF_WEIGHTED 9 0.4 1 1 -0.1 0.08",
    )
    write(
        tmp_path / "P1.purple.purity.tsv",
        "purity normFactor score diploidProportion ploidy gender status",
        "0.62 1.1 0.5 0.1 3.41 FEMALE NORMAL",
    )
    same(copies(path), [(1, 1), (1.52, 1), (0, 0)])
    segments = read_segments(path, build="GRCh38")
    assert (segments.tool, segments.purity, segments.ploidy) == ("PURPLE", 0.62, 3.41)


TITAN = (
    "Sample Chromosome Start_Position(bp) End_Position(bp) Length(snp) Median_Ratio Median_logR TITAN_state "
    "TITAN_call Copy_Number MinorCN MajorCN Clonal_Cluster Cellular_Prevalence"
)


def test_titan(tmp_path: Path) -> None:
    path = write(
        tmp_path / "P1_cluster2.segs.txt",
        TITAN,
        "P1 1 1 1000 9 0.5 0.0 4 HET 2 1 1 NA NA",
        "P1 1 1001 2000 9 0.5 0.0 4 GAIN 3 1 2 1 1",
        "P1 1 2001 3000 9 0.5 0.0 4 DLOH 1 0 1 2 0.4",
        "P1 X 1 1000 9 0.5 0.0 4 DLOH 1 0 1 2 0.4",
    )
    (tmp_path / "P1_cluster2.params.txt").write_text(
        "Normal contamination estimate:\t0.25\nAverage tumour ploidy estimate:\t2.8\n"
        "Clonal cluster cellular prevalence Z=2:\t1 0.4\n"
    )
    same(copies(path), [(1, 1), (2, 1), (1, 1, 1, 0, 0.4), (1, 0)])
    segments = read_segments(path)
    assert segments.purity == pytest.approx(0.75) and segments.ploidy == 2.8


FACETS = "chrom seg num.mark nhet cnlr.median mafR segclust start end cf.em tcn.em lcn.em"
FACETS_ROWS = (
    "1 1 9 9 0 0 1 1 1000 1 2 1",
    "1 2 9 9 0 0 1 1001 2000 0.6 3 1",
    "1 3 9 9 0 0 1 2001 3000 0.3 1 0",
    "1 4 9 9 0 0 1 3001 4000 0.3 4 NA",
    "23 5 9 9 0 0 1 1 1000 0.6 1 0",
    "23 6 9 9 0 0 1 1001 2000 NA NA NA",
)


def test_facets_cellular_fractions(tmp_path: Path) -> None:
    path = write(tmp_path / "P1_hisens.cncf.txt", FACETS, *FACETS_ROWS)
    write(tmp_path / "P1_hisens.out", "# Purity = 0.6", "# Ploidy = 2.1")
    same(copies(path), [(1, 1), (2, 1), (1, 1, 1, 0, 0.5), (3, NAN), (1, 0)])
    segments = read_segments(path)
    assert (segments.purity, segments.ploidy) == (0.6, 2.1)
    # the sheet's purity decides, where there is one, and the difference is said
    noted = read_segments(path, purity=0.3)
    assert np.isnan(noted.fraction_2).all() and "purity_differs" in dict(noted.notes)


def test_facets_without_purity(tmp_path: Path) -> None:
    path = write(tmp_path / "P1.cncf.txt", FACETS, *FACETS_ROWS)
    same(copies(path), [(1, 1), (2, 1), (1, 0), (4, NAN), (1, 0)])
    assert "clonal_assumed" in dict(read_segments(path).notes)


def test_hatchet_clones(tmp_path: Path) -> None:
    head = "#CHR START END SAMPLE cn_normal u_normal cn_clone1 u_clone1 cn_clone2 u_clone2 cn_clone3 u_clone3"
    path = write(
        tmp_path / "best.seg.ucn",
        head,
        "chr1 0 1000 S 1|1 0.2 1|1 0.4 1|1 0.2 1|1 0.2",
        "chr1 1000 2000 S 1|1 0.2 2|1 0.4 2|1 0.2 1|2 0.2",  # mirrored in one clone
        "chr1 2000 3000 S 1|1 0.2 2|1 0.4 3|1 0.2 1|0 0.2",  # three states: the mean
        "chr1 3000 4000 S 1|1 0.2 2|1 0.8 2|2 0 1|0 0",
    )
    same(copies(path), [(1, 1), (2, 1, 1, 2, 0.25), (2, 0.75), (2, 1)])
    assert read_segments(path).purity == pytest.approx(0.8)
    bad = write(tmp_path / "bad.seg.ucn", head, "chr1 0 1000 S 1|1 0.2 1-1 0.4 1|1 0.2 x 0.2")
    with pytest.raises(UserError, match="not a pair of copy numbers") as caught:
        read_segments(bad)
    assert [(fault.row, fault.column) for fault in caught.value.faults] == [
        (2, "cn_clone1"),
        (2, "cn_clone3"),
    ]


def test_purecn_loh(tmp_path: Path) -> None:
    head = (
        "Sampleid,chr,start,end,arm,C,M,type,seg.mean,num.mark,num.snps,M.flagged,maf.expected,maf.observed"
    )
    path = write(
        tmp_path / "P1_loh.csv",
        head,
        "P1,chr1,1,1000,p,3,1,,0.1,9,9,FALSE,0.3,0.3",
        "P1,chr1,1001,2000,p,2,0,WHOLE ARM COPY-NEUTRAL LOH,0.1,9,9,TRUE,0.3,0.3",
        "P1,chr1,2001,3000,p,1,NA,,0.1,9,0,NA,NA,NA",
        delimiter=" ",
    )
    (tmp_path / "P1.csv").write_text(
        '"Sampleid","Purity","Ploidy","Sex","Contamination","Flagged","Failed","Curated","Comment"\n'
        '"P1",0.44,2.9,"F",0,TRUE,FALSE,FALSE,"LOW PURITY"\n'
    )
    same(copies(path), [(2, 1), (2, NAN), (1, NAN)])
    segments = read_segments(path)
    assert (segments.purity, segments.ploidy) == (0.44, 2.9)
    assert "LOW PURITY" in dict(segments.notes)["purity_flagged"]


def test_summaries_of_ascat_sequenza_and_battenberg(tmp_path: Path) -> None:
    ascat = write(tmp_path / "A.segments.txt", "sample chr startpos endpos nMajor nMinor", "A 1 1 1000 2 1")
    write(tmp_path / "A.purityploidy.txt", "AberrantCellFraction Ploidy", "0.71 3.2")
    assert read_segments(ascat).purity == 0.71

    sequenza = write(
        tmp_path / "S_segments.txt",
        '"chromosome" "start.pos" "end.pos" "Bf" "N.BAF" "sd.BAF" "depth.ratio" "CNt" "A" "B" "LPP"',
        '"1" 1 1000 0.4 9 0.1 1 3 2 1 -6',
        '"1" 1001 2000 NA 0 NA 1 3 NA NA -6',
    )
    write(
        tmp_path / "S_confints_CP.txt",
        '"cellularity" "ploidy.estimate" "ploidy.mean.cn"',
        "0.5 1.9 2.0",
        "0.55 2.0 2.05",
        "0.6 2.1 2.1",
    )
    found = read_segments(sequenza)
    assert (found.purity, found.ploidy) == (0.55, 2.0)
    same(copies(sequenza), [(2, 1), (3, NAN)])

    battenberg = write(
        tmp_path / "B_subclones.txt",
        "chr startpos endpos BAF pval LogR ntot nMaj1_A nMin1_A frac1_A nMaj2_A nMin2_A frac2_A",
        "1 1 1000 0.5 1 0 2 1 1 1 NA NA NA",
        "1 1001 2000 0.5 1 0 2 2 1 0.7 1 1 0.3",
        "1 2001 3000 0.5 1 0 2 NA NA NA NA NA NA",
    )
    (tmp_path / "B_rho_and_psi.txt").write_text(
        "rho\tpsi\tploidy\tdistance\tis.best\nASPCF\t0.1\t2\t2\t1\tFALSE\n"
        "FRAC_GENOME\t0.66\t2.4\t2.3\t0.1\tTRUE\nREF_SEG\tNA\tNA\tNA\tNA\tNA\n"
    )
    found = read_segments(battenberg)
    assert (found.purity, found.ploidy) == (0.66, 2.3)
    same(copies(battenberg), [(1, 1), (2, 1, 1, 1, 0.3)])


def test_ascat_for_caveman(tmp_path: Path) -> None:
    path = write(tmp_path / "T.copynumber.caveman.csv", "1,1,100,2000,2,1,3,1", "2,X,1,500,1,0,1,0")
    write(
        tmp_path / "T.samplestatistics.txt", "NormalContamination 0.35", "Ploidy 2.7", "rho 0.65", "psi 2.6"
    )
    segments = read_segments(path, build="GRCh38")
    assert (segments.tool, segments.purity, segments.ploidy) == ("ASCAT (caveman)", 0.65, 2.7)
    assert segments.chrom.tolist() == ["1", "X"] and segments.start.tolist() == [100, 1]
    same(copies(path), [(2, 1), (1, 0)])


def test_titan_of_a_male(tmp_path: Path) -> None:
    head = TITAN.replace("(bp)", ".bp.").replace("(snp)", ".snp.")
    path = write(tmp_path / "P1_segs.txt", head, "P1 X 1 1000 9 0.5 0.0 4 GAIN 2 NA NA 1 0.7")
    (tmp_path / "P1_params.txt").write_text("Normal contamination estimate:\t0.26\n")
    assert read_segments(path).purity == pytest.approx(0.74)
    same(copies(path), [(2, 0)])


def test_a_summary_out_of_range_is_a_fault(tmp_path: Path) -> None:
    path = write(tmp_path / "A.segments.txt", "sample chr startpos endpos nMajor nMinor", "A 1 1 1000 2 1")
    write(tmp_path / "A.purityploidy.txt", "AberrantCellFraction Ploidy", "1.4 3.2")
    with pytest.raises(UserError, match=r"purityploidy.txt: purity 1.4 is not between 0 and 1"):
        read_segments(path)


def test_plain_tables(tmp_path: Path) -> None:
    path = write(
        tmp_path / "plain.tsv",
        "chrom start end major_cn minor_cn major_cn_2 minor_cn_2 cn_fraction_2",
        "chr1 1 1000 2 1 NA NA NA",
        "chr1 1001 2000 2 1 1 1 0.25",
        "chr1 2001 3000 1.4 0.9 NA NA NA",
        "chr2 1 1000 4 NA NA NA NA",
    )
    same(copies(path), [(2, 1), (2, 1, 1, 1, 0.25), (1.4, 0.9), (4, NAN)])
    total = write(tmp_path / "total.tsv", "Chromosome Start End total_cn", "1 1 1000 3")
    same(copies(total), [(3, NAN)])
    meskit = write(
        tmp_path / "meskit.tsv",
        "Patient_ID Tumor_Sample_Barcode Chromosome Start_Position End_Position CopyNumber Minor_CN Major_CN",
        "P A 1 1 1000 2 1 1",
        "P B 1 1 1000 3 0 3",
    )
    same(copies(meskit, names=["B"]), [(3, 0)])


def test_a_list_of_altered_segments_is_not_enough(tmp_path: Path) -> None:
    path = write(tmp_path / "A.cnvs.txt", "chr startpos endpos nMajor nMinor", "1 1 1000 2 1")
    with pytest.raises(UserError, match="altered segments only"):
        read_segments(path)
