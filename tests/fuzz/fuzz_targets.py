# ruff: noqa: E501 (inputs are kept in one line each)
"""What is fuzzed: for each parser, small valid inputs to start from and the call that reads them.

A parser may take an input or refuse it with `UserError`; anything else is a finding.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from truncal.errors import UserError


@dataclass(frozen=True)
class Target:
    """One parser: `seeds(folder)` gives valid inputs (file name, content), `read(path)` parses one."""

    name: str
    seeds: Callable[[Path], list[tuple[str, bytes]]]
    read: Callable[[Path], object]


@lru_cache(maxsize=1)
def _cohort(folder: Path) -> Path:
    """A small simulated patient in every format, written once."""
    from truncal.simulate.parameters import Driver, SimulationParameters
    from truncal.simulate.tumour import simulate_tumour
    from truncal.simulate.write import Output, write_cohort

    drivers = (Driver("RD0001", 1), Driver("RD0012", 1), Driver("RD0024", 2))
    base: dict[str, Any] = {"patient": "P1", "clones": 2, "regions": 2, "mutations": 8, "drivers": drivers}
    for name, changes, output in (
        ("mutect2", {"reads": True, "depth": 30.0}, Output("vcf", "mutect2")),
        ("joint", {}, Output("vcf", "mutect2", joint=True)),
        ("strelka2", {"copy_number_style": "battenberg"}, Output("vcf", "strelka2")),
        ("purple", {"copy_number_style": "purple"}, Output("vcf", "mutect2")),
        ("counts", {"copy_number_style": "battenberg"}, Output("counts")),
        ("diploid", {"diploid": True, "complete": True}, Output("counts")),
    ):
        tumour = simulate_tumour(SimulationParameters(**(base | changes)), 5)
        write_cohort(folder / name, [(tumour, output)])
    return folder


def _files(*patterns: str) -> Callable[[Path], list[tuple[str, bytes]]]:
    def seeds(folder: Path) -> list[tuple[str, bytes]]:
        found = [path for pattern in patterns for path in sorted(_cohort(folder).glob(pattern))]
        return [(path.name, path.read_bytes()) for path in found]

    return seeds


def _unzipped(*patterns: str) -> Callable[[Path], list[tuple[str, bytes]]]:
    def seeds(folder: Path) -> list[tuple[str, bytes]]:
        return [(name.removesuffix(".gz"), gzip.decompress(data)) for name, data in _files(*patterns)(folder)]

    return seeds


def _texts(*texts: tuple[str, str]) -> Callable[[Path], list[tuple[str, bytes]]]:
    return lambda _folder: [(name, text.encode()) for name, text in texts]


def _settings() -> dict[str, Any]:
    from truncal.sheet.settings import load_settings

    return load_settings(None)


def _read_sheet(path: Path) -> object:
    from truncal.sheet.samples import read_sheet

    for name in ("a.vcf", "b.seg", "c.tsv"):
        (path.parent / name).touch()
    return read_sheet(path)


def _run_counts(path: Path, **columns: Path) -> object:
    from truncal.counts.run import run_counts

    sheet = path.parent / "fuzz_sheet.tsv"
    row = {"patient": "P1", "sample": "P1_R1", "purity": "0.7", "sex": "female"} | {
        k: str(v) for k, v in columns.items()
    }
    sheet.write_text("\t".join(row) + "\n" + "\t".join(row.values()) + "\n", encoding="utf-8")
    out = path.parent / "counts_out"
    try:
        return run_counts(sheet, "P1", out, _settings())
    finally:
        shutil.rmtree(out, ignore_errors=True)


def _read_vcf(path: Path) -> object:
    return _run_counts(path, vcf=path)


def _read_table(path: Path) -> object:
    from truncal.ccf.observations import read_observations

    with contextlib.suppress(UserError):
        read_observations(path)
    return _run_counts(path, counts=path)


def _read_segments(path: Path) -> object:
    from truncal.copynumber.readers import read_segments

    return read_segments(path, ["P1_R1"], purity=0.7, ploidy=2.0, build="GRCh38")


def _packed(path: Path) -> Path:
    """The same content as bgzip: mutations of compressed bytes would only ever meet the checksum."""
    import pysam

    target = path.with_name(f"packed_{path.name}")
    with pysam.BGZFile(str(target), "wb") as handle:
        handle.write(path.read_bytes())
    return target


def _read_bcf(path: Path) -> object:
    return _run_counts(path, vcf=_packed(path))


def _read_bam(path: Path) -> object:
    import pysam

    from truncal.reads.bam import count_sites

    packed = _packed(path)
    try:
        pysam.index("-c", str(packed))
    except pysam.SamtoolsError as error:
        raise UserError("can't be indexed") from error
    return count_sites(packed, ["7", "7"], [55191822, 55181378], ["T", "C"], ["G", "T"], build="GRCh38")


def _read_ssm(path: Path) -> object:
    from truncal.phylogeny.inputs import read_ssm

    clusters = path.parent / "clusters.json"
    clusters.write_text(
        '{"samples": ["P1_R1", "P1_R2"], "clusters": [["s0", "s1"], ["s2"]], "garbage": ["s3"]}'
    )
    return read_ssm(path, clusters, 0.02)


def _read_clusters(path: Path) -> object:
    from truncal.phylogeny.inputs import read_ssm

    ssm = path.parent / "small.ssm"
    rows = "".join(f"s{number}\tm{number}\t3,4\t30,40\t0.5,0.5\n" for number in range(4))
    ssm.write_text("id\tname\tvar_reads\ttotal_reads\tvar_read_prob\n" + rows)
    return read_ssm(ssm, path, 0.02)


def _read_settings(path: Path) -> object:
    from truncal.sheet.settings import load_settings

    return load_settings(path)


def _read_treatments(path: Path) -> object:
    from truncal.drivers.timing import read_treatments

    return read_treatments(path, "P1")


def _read_statements(path: Path) -> object:
    from truncal.drivers.statements import load_statements

    return load_statements(path)


def _read_fusions(path: Path) -> object:
    from types import SimpleNamespace

    from truncal.drivers.fusions import read_fusions
    from truncal.drivers.transcripts import load_transcripts

    tumour: Any = SimpleNamespace(sample_ids=["P1_R1", "P1_R2"])
    return read_fusions(path, tumour, "P1", load_transcripts("GRCh38"), {"ALK", "RET", "EGFR"})


def _read_civic(path: Path) -> object:
    from truncal.drivers.civic import read_civic

    return read_civic(path)


def _read_oncokb(path: Path) -> object:
    from truncal.drivers.oncokb import read_oncokb
    from truncal.drivers.statements import load_statements

    return read_oncokb(path, load_statements())


def _read_bed(path: Path) -> object:
    from truncal.reads.filters import read_bed

    return read_bed(path)


def _read_patient_json(path: Path) -> object:
    from truncal.report.document import read_document
    from truncal.report.page import report_html

    return report_html(read_document(path))


def _patient_json(_folder: Path) -> list[tuple[str, bytes]]:
    """A document as the report's own tests make it, where the report is."""
    from truncal.report.columns import SCHEMA_VERSION, TABLES

    tables: dict[str, Any] = {
        name: {"columns": list(columns), "rows": []} for name, columns in TABLES.items()
    }
    rows: dict[str, list[dict[str, Any]]] = {
        "mutations": [
            {"mutation_id": f"chr1:{n}:A:T", "cluster_id": 1 + n % 2, "cluster_probability": 0.9, "p_truncal": 0.5,
             "outlier_probability": 0.1, "p_clonal": 0.5, "chrom": "chr1", "pos": n, "ref": "A", "alt": "T"}
            for n in range(1, 5)
        ],
        "clusters": [
            {"cluster_id": k, "sample_id": s, "n_mutations": 2, "dcf": 1 / k, "dcf_low": 0.3, "dcf_high": 1.0, "dcf_tree": 1 / k}
            for k in (1, 2) for s in ("R1", "R2")
        ],
        "ccf": [
            {"mutation_id": f"chr1:{n}:A:T", "sample_id": s, "alt_counts": 9, "depth": 40, "ccf": 0.8, "ccf_low": 0.6,
             "ccf_high": 1.0, "dcf": 0.8, "dcf_low": 0.6, "dcf_high": 1.0, "multiplicity": 1, "fraction_lost": 0}
            for n in range(1, 5) for s in ("R1", "R2")
        ],
        "counts": [
            {"mutation_id": f"chr1:{n}:A:T", "sample_id": s, "ref_counts": 31, "alt_counts": 9, "major_cn": 1, "minor_cn": 1,
             "normal_cn": 2, "tumour_content": 0.5}
            for n in range(1, 5) for s in ("R1", "R2")
        ],
        "trees": [{"tree_id": 1, "posterior": 0.9, "log_likelihood": -3.0, "parents": "1:0;2:1"}],
        "edges": [{"parent": 0, "child": 1, "probability": 1.0, "in_consensus": True},
                  {"parent": 1, "child": 2, "probability": 0.9, "in_consensus": True}],
        "relations": [{"cluster_a": 1, "cluster_b": 2, "p_same": 0, "p_ancestor": 0.9, "p_descendant": 0.0, "p_branched": 0.1}],
        "proportions": [
            {"cluster_id": k, "sample_id": s, "proportion": 0.5, "low": 0.3, "high": 0.7} for k in (1, 2) for s in ("R1", "R2")
        ],
        "drivers": [{"event_id": "E1", "gene": "EGFR", "event": "L858R", "class": "snv", "hgvsp": "p.Leu858Arg", "cluster_id": 1,
                     "label": "clonal", "p_clonal": 0.97, "p_truncal": 0.99, "regions_present": 2, "regions_assessable": 2,
                     "ccf_by_sample": "R1=0.98[0.9-1];R2=0.97[0.9-1]", "drugs_sensitive": "osimertinib", "mutation_id": "chr1:1:A:T"}],
    }  # fmt: skip
    for name, given in rows.items():
        columns = tables[name]["columns"]
        columns += [column for column in given[0] if column not in columns]
        tables[name]["rows"] = [[row.get(column) for column in columns] for row in given]
    sample = {"kind": "tissue", "site": "lung", "timepoint": 1, "day": 0, "purity": 0.5, "ploidy": 2.0, "wgd": False,
              "median_depth": 40, "n_called": 4, "n_not_called": 0}  # fmt: skip
    document = {
        "schema_version": SCHEMA_VERSION,
        "software": {"name": "truncal", "version": "0"},
        "patient": {"patient_id": "P1", "build": "GRCh38", "sex": "female", "wgd": False},
        "samples": [{"sample_id": name, **sample} for name in ("R1", "R2")],
        "parameters": {name: {} for name in ("counts", "clones", "phylogeny", "drivers")},
        "inputs": [{"name": "counts.tsv", "sha256": "0" * 64}],
        "warnings": [{"step": "counts", "code": "x", "text": "A sentence."}],
        "tree": {"method": "exact", "n_trees": 1, "n_trees_95": 1, "polyclonal_probability": 0.0,
                 "consensus": {"1": "0", "2": "1"}, "newick": "((2)1)0;"},
        "tables": tables,
    }  # fmt: skip
    return [("patient.json", json.dumps(document, indent=0).encode())]


def _bcf(folder: Path) -> list[tuple[str, bytes]]:
    import pysam

    out = []
    for path in sorted(_cohort(folder).glob("*/P1/*R1.*.vcf.gz")):
        target = folder / f"{path.parts[-3]}.bcf"
        with (
            pysam.VariantFile(str(path)) as source,
            pysam.VariantFile(str(target), "wb", header=source.header) as sink,
        ):
            for record in source:
                sink.write(record)
        out.append((target.name, gzip.decompress(target.read_bytes())))
    return out


_SHEET = (
    "patient\tsample\tvcf\tcounts\tvcf_sample\tsegments\tpurity\tploidy\tsex\tsite\ttimepoint\tday\tkind\n"
    "P1\tR1\ta.vcf\tNA\tT1\tb.seg\t0.6\t2.1\tfemale\tlung\t1\t0\ttissue\n"
    "P1\tR2\ta.vcf\tNA\tT2\tb.seg\t0.7\t2.0\tfemale\tliver\t2\t90\tplasma\n"
    "P2\tR1\tNA\tc.tsv\tNA\tNA\tNA\tNA\tXY\tNA\tNA\tNA\tNA\n"
)  # fmt: skip
_SEGMENTS = (
    ("facets.cncf", "ID\tchrom\tloc.start\tloc.end\ttcn.em\tlcn.em\tcf.em\nP1_R1\t1\t100\t900\t3\t1\t0.7\nP1_R1\t7\t5\t90000000\t2\tNA\t1\n"),
    ("sequenza.txt", '"chromosome"\t"start.pos"\t"end.pos"\t"CNt"\t"A"\t"B"\n"1"\t100\t900\t3\t2\t1\n"2"\t1\t50\tNA\tNA\tNA\n'),
    ("cnvkit.cns", "chromosome\tstart\tend\tgene\tlog2\tbaf\tcn\tcn1\tcn2\nchr1\t0\t900\t-\t0.1\t0.5\t2\t1\t1\nchr2\t0\t9\t-\t-1\t\t1\t\t\n"),
    ("table.tsv", "chrom\tstart\tend\tmajor_cn\tminor_cn\tmajor_cn_2\tminor_cn_2\tcn_fraction_2\n1\t1\t900\t2\t1\t1\t1\t0.3\n2\t5\t50\t1\t1\tNA\tNA\tNA\n"),
    ("best.seg.ucn", "#CHR\tSTART\tEND\tSAMPLE\tcn_normal\tu_normal\tcn_clone1\tu_clone1\n1\t0\t900\tP1_R1\t1|1\t0.3\t2|1\t0.7\n"),
    ("gatk.seg", "@HD\tVN:1.6\nCONTIG\tSTART\tEND\tNUM_POINTS_COPY_RATIO\tMEAN_LOG2_COPY_RATIO\n1\t1\t900\t5\t0.2\n"),
)  # fmt: skip
_NAMED = "mutation_id\tsample_id\tref_counts\talt_counts\tmajor_cn\tminor_cn\tnormal_cn\n" + "".join(
    f"{name}\tP1_R1\t80\t20\t1\t1\t2\n{name}\tP1_R2\t70\t30\t2\t1\t2\n"
    for name in (
        "7:55259515:T:G",
        "chr7_55249071_C>T",
        "EGFR.L858R",
        "TP53:NM_000546.5:p.(Arg213Ter)",
        "MET.splicing",
        "m6",
    )
)
_MAF = (
    "#version 2.4\nHugo_Symbol\tNCBI_Build\tChromosome\tStart_Position\tEnd_Position\tReference_Allele\tTumor_Seq_Allele2"
    "\tTumor_Sample_Barcode\tt_ref_count\tt_alt_count\tn_ref_count\tn_alt_count\tHGVSp_Short\n"
    "EGFR\tGRCh38\t7\t55191822\t55191822\tT\tG\tP1_R1\t50\t30\t60\t0\tp.L858R\n"
    "EGFR\tGRCh38\t7\t55174772\t55174786\tGGAATTAAGAGAAGC\t-\tP1_R1\t50\t30\t60\t0\tp.E746_A750del\n"
    "TP53\tGRCh38\t17\t7674220\t7674221\t-\tAC\tP1_R1\t50\t30\t60\t0\t\n"
)  # fmt: skip
_ANNOTATED = (
    "##fileformat=VCFv4.2\n##contig=<ID=chr7,length=159345973>\n"
    '##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from Ensembl VEP. Format: Allele|Consequence|SYMBOL|Feature|HGVSc|HGVSp|MANE_SELECT">\n'
    '##INFO=<ID=ANN,Number=.,Type=String,Description="Functional annotations: \'Allele | Annotation | Annotation_Impact | Gene_Name | Gene_ID | Feature_Type | Feature_ID | Transcript_BioType | Rank | HGVS.c | HGVS.p\'">\n'
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="d">\n##FORMAT=<ID=DP,Number=1,Type=Integer,Description="d">\n'
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="g">\n##FORMAT=<ID=PS,Number=1,Type=Integer,Description="p">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP1_R1\n"
    "chr7\t55181378\t.\tC\tT\t.\tPASS\tCSQ=T|missense_variant|EGFR|ENST00000275493.7|c.2369C>T|p.Thr790Met|NM_005228.5\tGT:AD:DP:PS\t0|1:60,20:80:1\n"
    "chr7\t55191822\t.\tT\tG,C\t30\t.\tANN=G|missense_variant|MODERATE|EGFR|ENSG1|transcript|NM_005228.5|protein_coding|21/28|c.2573T>G|p.Leu858Arg\tGT:AD:DP:PS\t0|1:60,20,3:83:1\n"
    "chr7\t55174771\t.\tAGGAATTAAGAGAAGC\tA\t.\tPASS\t.\tGT:AD:DP\t0/1:60,20:80\n"
)  # fmt: skip
_RESISTANCE = (
    "id\tgene\talteration\talteration_class\thgvs_c\thgvs_p\ttranscript_refseq\tgrch37\tgrch38\trole\tdrugs_sensitive\tdrugs_resistant\tevidence_level\n"
    "X1\tEGFR\tT790M\tsnv\tc.2369C>T\tp.Thr790Met\tNM_005228.5\tchr7:55249071:C>T\tchr7:55181378:C>T\ton_target_resistance\tosimertinib\tgefitinib;erlotinib\tA\n"
    "X2\tMET\tamplification\tcn_gain\tNA\tNA\tNA\tchr7:116312446-116438440\tchr7:116672196-116798377\tbypass\tNA\tgefitinib\tB\n"
)  # fmt: skip

_FUSIONS = (
    "patient\tsample\tgene_5\tgene_3\tsupporting_reads\nP1\tP1_R1\tEML4\tALK\t12\nP1\tP1_R2\tKIF5B\tRET\tNA\n"
)
_FUSIONS_VCF = (
    "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP1_R1\n"
    "chr2\t29223600\t.\tA\tA[chr2:42295000[\t.\tPASS\tSVTYPE=BND\tPR:SR\t10,4:9,5\n"
    "chr7\t55142200\t.\tA\t<DEL>\t.\tPASS\tSVTYPE=DEL;END=55155900;CHR2=chr7\tPR:SR\t10,4:9,5\n"
)
_CIVIC = (
    "gene\tvariant\tdisease\tdrugs\tevidence_type\tevidence_direction\tevidence_level\tclinical_significance\tevidence_id\tchromosome\tstart\treference_bases\tvariant_bases\trepresentative_transcript\tcitation_id\n"
    "EGFR\tT790M\tLung\tGefitinib,Erlotinib\tPredictive\tSupports\tA\tResistance\t1\t7\t55249071\tC\tT\tENST00000275493.2\t123\n"
    "MET\tEXON 14 SKIPPING MUTATION\tLung\tCrizotinib\tPredictive\tDoes Not Support\tB\tSensitivity/Response\t2\t7\tNA\tNA\tNA\tNA\t124\n"
)
_ONCOKB = (
    "Level\tGene\tAlterations\tCancer Types\tDrugs (for therapeutic implications only)\n"
    "1\tEGFR\tL858R, Exon 19 deletion\tNSCLC\tOsimertinib, Afatinib\nR1\tEGFR\tC797S\tNSCLC\tOsimertinib\n2\tMET\tAmplification\tNSCLC\tCapmatinib\n"
)

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Target("sheet", _texts(("samples.tsv", _SHEET)), _read_sheet),
        Target("settings", _texts(("config.yaml", "reads:\n  min_depth: 3\nclones: {}\nabsent:\n  model: censored\nseed: 4\n")), _read_settings),
        Target("vcf", lambda folder: [*_unzipped("*/P1/*R1.*.vcf.gz", "joint/P1/P1.vcf.gz")(folder), ("ann.vcf", _ANNOTATED.encode())], _read_vcf),
        Target("vcf_gz", _files("*/P1/*R1.*.vcf.gz"), _read_vcf),
        Target("bcf", _bcf, _read_bcf),
        Target("maf", _texts(("small.maf", _MAF)), _read_vcf),
        Target("segments", lambda folder: [*_files("mutect2/P1/*.segments.tsv", "strelka2/P1/*.subclones.tsv", "purple/P1/*.cnv.somatic.tsv")(folder), *_texts(*_SEGMENTS)(folder)], _read_segments),
        Target("counts", lambda folder: [*_files("counts/P1/counts.tsv", "diploid/P1/counts.tsv")(folder), ("named.tsv", _NAMED.encode())], _read_table),
        Target("bam", _unzipped("mutect2/P1/*.bam"), _read_bam),
        Target("ssm", _files("diploid/P1/*.ssm"), _read_ssm),
        Target("clusters", _texts(("c.json", '{\n"samples": [\n"P1_R1",\n"P1_R2"],\n"clusters": [\n["s0", "s1"],\n["s2"]],\n"garbage": ["s3"]}\n')), _read_clusters),
        Target("treatments", _texts(("t.tsv", "patient\tdrug\tstart\tend\nP1\tgefitinib\t14\t405\nP1\tosimertinib\t420\tNA\n")), _read_treatments),
        Target("resistance", _texts(("r.tsv", _RESISTANCE)), _read_statements),
        Target("bed", _texts(("b.bed", "track x\nchr1\t10\t20\nchr2\t5\t9\tname\n")), _read_bed),
        Target("fusions", _texts(("f.tsv", _FUSIONS), ("f.vcf", _FUSIONS_VCF)), _read_fusions),
        Target("civic", _texts(("civic.tsv", _CIVIC)), _read_civic),
        Target("oncokb", _texts(("oncokb.tsv", _ONCOKB)), _read_oncokb),
        Target("patient_json", _patient_json, _read_patient_json),
    )
}  # fmt: skip
