"""What fuzzing found, and what a hostile input might try: each refused in words, or harmless."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from truncal.errors import UserError

sys.path.insert(0, str(Path(__file__).resolve().parent))

HEAD = (
    "##fileformat=VCFv4.2\n"
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="g">\n'
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="d">\n'
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="d">\n'
)
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP1_R1\n"
GOOD = "chr7\t100\t.\tC\tT\t.\tPASS\t.\tGT:AD:DP\t0/1:60,20:80\n"


def _counts(path: Path, content: bytes | str, name: str = "a.vcf"):
    from fuzz_targets import _run_counts

    file = path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return _run_counts(file, vcf=file)


def _refused(path: Path, content: bytes | str, *words: str, name: str = "a.vcf") -> None:
    with pytest.raises(UserError) as caught:
        _counts(path, content, name)
    for word in words:
        assert word in str(caught.value)


def test_undeclared_contigs_are_taken(tmp_path: Path) -> None:
    assert _counts(tmp_path, HEAD + COLUMNS + GOOD).n_mutations == 1


@pytest.mark.parametrize("cut", ["0/", "", "x/y:1,2:3"])
def test_a_broken_record_on_an_undeclared_contig_does_not_crash(tmp_path: Path, cut: str) -> None:
    """htslib's half-read record used to end the interpreter."""
    line = GOOD.replace("0/1:60,20:80", cut)
    try:
        _counts(tmp_path, HEAD + COLUMNS + GOOD + line.replace("100", "200"))
    except UserError as error:
        assert "record 2" in str(error) or "a.vcf" in str(error)


def test_lines_that_htslib_trips_over_are_named(tmp_path: Path) -> None:
    _refused(tmp_path, HEAD + COLUMNS + GOOD + "\n" + GOOD, "record 2", "empty line")
    _refused(tmp_path, HEAD + COLUMNS + "##contig=<ID=chr9>\n" + GOOD, "before the line #CHROM")
    _refused(tmp_path, (HEAD + COLUMNS + GOOD).replace("chr7", "a b"), "contig name")
    _refused(tmp_path, (HEAD + COLUMNS + GOOD).replace("PASS", "PA\0SS"), "NUL")
    _refused(tmp_path, (HEAD + COLUMNS).encode() + GOOD.encode().replace(b"PASS", b"PA\xffSS"), "UTF-8")
    _refused(tmp_path, (HEAD + COLUMNS + GOOD).replace("Type=Integer", "Type=Ioteger"), "FORMAT/AD", "Type")


def test_hostile_sizes_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from truncal.reads import precheck

    monkeypatch.setattr(precheck, "LONGEST_LINE", 1 << 12)
    _refused(tmp_path, HEAD + COLUMNS + GOOD.replace("PASS", "A" * 9000), "longer than")
    monkeypatch.setattr(precheck, "_MOST_VALUES", 50)
    _refused(tmp_path, HEAD + COLUMNS + GOOD.replace("60,20", "1" + ",1" * 99), "more values", name="b.vcf")


_AD = b"\x11\x02\x21"  # key 2 as int8, then two int8 values a sample


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (_AD, b"\x11\x02\x20", "FORMAT/AD has values of another type"),  # htslib: exit(1)
        (_AD, b"\x11\x02\x00", "FORMAT/AD has values of another type"),  # htslib: exit(1)
        (_AD, b"\x11\x02\x27", "FORMAT/AD has values of another type"),  # text: exit(1)
        (_AD, b"\x11\x02\x24", "FORMAT/AD has values of another type"),  # no such type
        (b"\x11\x01\x21", b"\x11\x01\x27", "FORMAT/GT has values of another type"),
        (_AD, b"\x11\x02\xf1", "FORMAT/AD has values beyond its end"),
        (_AD, b"\x11\x02\x25", "has values beyond its end"),
        (_AD, b"\x10\x02\x21", "has values beyond its end"),
        (b"\x01\x00\x00\x03\x07", b"\x02\x00\x00\x03\x07", "has 2 sample columns, the header 1"),
    ],
)
def test_a_bcf_that_would_end_the_process(tmp_path: Path, old: bytes, new: bytes, said: str) -> None:
    """htslib calls exit() on numbers without a type, and reads past a record that lacks samples."""
    data = _two_records(tmp_path)
    _compress(tmp_path / "good.bcf", data)
    assert _counts(tmp_path, (tmp_path / "good.bcf").read_bytes(), "b.bcf").n_mutations == 2
    at = data.rindex(old)
    _compress(tmp_path / "packed.bcf", data[:at] + new + data[at + len(old) :])
    _refused(tmp_path, (tmp_path / "packed.bcf").read_bytes(), "a.bcf", "record 2", said, name="a.bcf")


def test_a_bcf_field_without_values_is_a_missing_one(tmp_path: Path) -> None:
    data = _two_records(tmp_path)
    first = 9 + int.from_bytes(data[5:9], "little")
    second = first + 8 + sum(np.frombuffer(data[first : first + 8], dtype="<u4").tolist())
    shorter = (int.from_bytes(data[second + 4 : second + 8], "little") - 2).to_bytes(4, "little")
    at = data.rindex(_AD)
    cut = data[:at] + b"\x11\x02\x01" + data[at + len(_AD) + 2 :]
    _compress(tmp_path / "cut.bcf", cut[: second + 4] + shorter + cut[second + 8 :])
    assert _counts(tmp_path, (tmp_path / "cut.bcf").read_bytes(), "a.bcf").n_mutations == 1


def _two_records(folder: Path) -> bytes:
    """Content of a BCF of two records."""
    import pysam

    text = folder / "text.vcf"
    header = HEAD.replace("42", "43", 1) + "##contig=<ID=chr7>\n" + COLUMNS
    text.write_text(header + GOOD + GOOD.replace("100", "200"))
    with (
        pysam.VariantFile(str(text)) as source,
        pysam.VariantFile(str(folder / "two.bcf"), "wb", header=source.header) as sink,
    ):
        for record in source:
            sink.write(record)
    return gzip.decompress((folder / "two.bcf").read_bytes())


def _compress(path: Path, data: bytes) -> None:
    import pysam

    with pysam.BGZFile(str(path), "wb") as sink:
        sink.write(data)


def test_bcf_records_are_checked_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fuzz_targets import _bcf, _packed

    from truncal.reads import precheck_bcf

    monkeypatch.setattr(precheck_bcf, "_BLOCK", 50)
    for name, data in _bcf(tmp_path / "seeds"):
        (tmp_path / name).write_bytes(data)
        _counts(tmp_path, _packed(tmp_path / name).read_bytes(), "a.bcf")
        monkeypatch.setattr(precheck_bcf, "LONGEST_LINE", 64)
        with pytest.raises(UserError, match="record 1 is longer"):
            _counts(tmp_path, _packed(tmp_path / name).read_bytes(), "b.bcf")
        monkeypatch.undo()
        monkeypatch.setattr(precheck_bcf, "_BLOCK", 50)


@pytest.mark.parametrize("at", [20, 40, -20])
def test_damaged_compression_is_named(tmp_path: Path, at: int) -> None:
    data = bytearray(gzip.compress((HEAD + COLUMNS + GOOD * 50).encode()))
    data[at] ^= 0xFF
    _refused(tmp_path, bytes(data), "a.vcf.gz", name="a.vcf.gz")
    _refused(tmp_path, bytes(data[:at]), "a.vcf.gz", name="a.vcf.gz")


def test_damage_between_blocks_of_a_compressed_file(tmp_path: Path) -> None:
    """htslib handed out what came before it, and a record on an undeclared contig ended the interpreter."""
    _compress(tmp_path / "packed.gz", (HEAD + COLUMNS + GOOD).encode())
    data = (tmp_path / "packed.gz").read_bytes()
    _refused(tmp_path, data[:-1] + b"\n" + data, "compressed file is damaged", name="a.vcf.gz")


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    from truncal.errors import Faults
    from truncal.tables import read_table

    path = tmp_path / "t.tsv"
    path.write_text("n\tx\n99999999999999999999\t1e309\n9007199254740993\t-inf\n3\tnan\n")
    table, faults = read_table(path), Faults()
    table.integers("n", faults)
    table.floats("x", faults)
    assert [(fault.row, fault.column) for fault in faults.found] == [
        (2, "n"),
        (3, "n"),
        (2, "x"),
        (3, "x"),
        (4, "x"),
    ]


def test_bed_intervals_beyond_any_genome(tmp_path: Path) -> None:
    from truncal.reads.filters import read_bed

    (tmp_path / "b.bed").write_text("chr1\t1\t99999999999999999999\n")
    with pytest.raises(UserError, match="no interval"):
        read_bed(tmp_path / "b.bed")


HOSTILE = (
    *("../x", "..", ".", "/etc", "a/b", "a\\b", "-rf", "$(touch x)", "`touch x`", "a;b", "a|b", "a&b", "a b"),
    *("{patient}", "a'b", 'a"b', "*", "~", "x\x1b[2J", "cohort", "logs", "é", "a\u202eb", "A" * 300 + "/"),
)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_patients_cannot_leave_their_folder(tmp_path: Path, name: str) -> None:
    from truncal.sheet.samples import read_sheet

    (tmp_path / "c.tsv").touch()
    (tmp_path / "s.tsv").write_text(f"patient\tsample\tcounts\n{name}\tR1\tc.tsv\n", encoding="utf-8")
    with pytest.raises(UserError, match="patient"):
        read_sheet(tmp_path / "s.tsv")


@pytest.mark.parametrize("name", ["A" * 5000, "~nobody_of_that_name/x", "x\x00y", "$(touch x)"])
def test_unusable_file_names_are_missing_files(tmp_path: Path, name: str) -> None:
    from truncal.sheet.samples import read_sheet

    (tmp_path / "s.tsv").write_text(f"patient\tsample\tvcf\nP\tR1\t{name}\n", encoding="utf-8")
    with pytest.raises(UserError, match="no such file"):
        read_sheet(tmp_path / "s.tsv")


def test_faults_are_one_printable_line() -> None:
    from truncal.errors import Fault

    assert str(Fault("a\nb\x1b[2J\u202e é", "f")) == "f: a\\nb\\x1b[2J\\u202e é"


def test_settings_cannot_name_python_objects(tmp_path: Path) -> None:
    from truncal.sheet.settings import load_settings

    path = tmp_path / "evil.yaml"
    path.write_text("seed: !!python/object/apply:os.system ['touch pwned']\n")
    with pytest.raises(UserError, match="cannot be read"):
        load_settings(path)


def test_stored_arrays_cannot_hold_python_objects(tmp_path: Path) -> None:
    from truncal.phylogeny.inputs import read_clones

    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "pwned",))

    evil = np.array([Evil()], dtype=object)
    np.savez(
        tmp_path / "likelihood.npz",
        cluster_ids=evil,
        sample_ids=evil,
        grid=evil,
        log_likelihood=evil,
        allow_pickle=True,
    )
    for name in ("mutations.tsv", "ccf.tsv", "clusters.tsv"):
        (tmp_path / name).write_text("mutation_id\tcluster_id\tsample_id\n")
    with pytest.raises(UserError):
        read_clones(tmp_path, 0.01)
    assert not (tmp_path / "pwned").exists()


def test_a_changed_patient_json_is_refused(tmp_path: Path) -> None:
    from fuzz_targets import _patient_json

    from truncal.report.document import read_document

    name, data = _patient_json(tmp_path)[0]
    path = tmp_path / name
    for change, words in (
        (lambda d: d["tables"]["clusters"]["rows"][0].__setitem__(0, "R2"), "clusters column cluster_id"),
        (lambda d: d["tables"]["timing"].pop("rows"), "timing has no rows"),
        (lambda d: d["tables"]["drivers"]["rows"][0].__setitem__(1, 5), "drivers column gene"),
        (lambda d: d["samples"][0].pop("ploidy"), "ploidy"),
        (lambda d: d["tree"]["consensus"].update({"1": "2"}), "own ancestor"),
        (lambda d: d["tree"]["consensus"].update({"x": "1"}), "consensus"),
        (lambda d: d["tree"]["consensus"].update({"9" * 5000: "1"}), "consensus"),
        (lambda d: d["tables"]["mutations"]["rows"][0].__setitem__(1, 10**30), "mutations column cluster_id"),
        (lambda d: d["tables"]["clusters"]["rows"][0].__setitem__(3, 10**400), "clusters column dcf"),
    ):
        document = json.loads(data)
        change(document)
        path.write_text(json.dumps(document))
        with pytest.raises(UserError, match=words):
            read_document(path)
    path.write_bytes(data)
    read_document(path)


def test_no_markup_of_the_input_reaches_the_page(tmp_path: Path) -> None:
    from fuzz_targets import _patient_json

    from truncal.report.document import read_document
    from truncal.report.page import report_html

    evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>'\"&"
    name, data = _patient_json(tmp_path)[0]
    text = data.decode()
    for word in ("R1", "lung", "EGFR", "p.Leu858Arg", "osimertinib", "A sentence.", "P1", "counts.tsv"):
        text = text.replace(f'"{word}"', json.dumps(evil + word))
    (tmp_path / name).write_text(text, encoding="utf-8")
    page = report_html(read_document(tmp_path / name))
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "alert(1)" in page  # it is shown, as text


def test_overlong_fields_and_deep_nesting_are_refused(tmp_path: Path) -> None:
    from fuzz_targets import TARGETS

    def refused(target: str, name: str, content: str) -> None:
        (tmp_path / name).write_text(content)
        with pytest.raises(UserError):
            TARGETS[target].read(tmp_path / name)

    long = "x" * 300_000
    refused("counts", "c.tsv", f"mutation_id\tsample_id\n{long}\ta\n")
    refused("segments", "s.tsv", f"chr,startpos,endpos,nMajor,nMinor\n{long},1,2,1,1\n")
    refused("maf", "m.maf", f"Hugo_Symbol\tTumor_Sample_Barcode\tReference_Allele\n{long}\ta\tb\n")
    refused("clusters", "c.json", '{"samples": ' + "[" * 100_000 + "]" * 100_000 + "}")
    refused("patient_json", "p.json", "[" * 100_000)
    refused("settings", "s.yaml", "a: " + "[" * 3000 + "]" * 3000)
    refused("settings", "bomb.yaml", "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n")


@pytest.mark.parametrize(
    ("parser", "old", "new", "said"),
    [
        ("bam", b"SO:coordinate", b"SO:coord\x8anate", "UTF-8"),
        ("bam", b"SO:coordinate", b"SOcoordinatex", "no SAM header line"),
        ("bam", b"SO:coordinate", b"SO\tcoordinate", "no SAM header line"),
        ("maf", b"t_alt_count", b"t_ref_count", "t_ref_count occurs more than once"),
    ],
)
def test_a_header_with_one_word_changed(
    tmp_path: Path, parser: str, old: bytes, new: bytes, said: str
) -> None:
    from fuzz_targets import TARGETS

    target = TARGETS[parser]
    name, data = target.seeds(tmp_path)[0]
    (tmp_path / name).write_bytes(data.replace(old, new, 1))
    with pytest.raises(UserError, match=said):
        target.read(tmp_path / name)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"##fileformat=VCFv4.2\n#CHROM\n\xff", None])
def test_fusions_that_are_no_text(tmp_path: Path, content: bytes | None) -> None:
    from fuzz_targets import TARGETS

    path = tmp_path / "f.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match="fusions"):
        TARGETS["fusions"].read(path)


def test_hatchet_clones_without_shares(tmp_path: Path) -> None:
    from fuzz_targets import TARGETS

    header = "#CHR\tSTART\tEND\tSAMPLE\tcn_normal\tu_normal\tcn_clone1\tu_clone1\n"
    (tmp_path / "best.seg.ucn").write_text(header + "1\t0\t900\tP1_R1\t1|1\t0.3\t2|1\t\n")
    with pytest.raises(UserError, match=r"row 2.*shares of the clones"):
        TARGETS["segments"].read(tmp_path / "best.seg.ucn")


@pytest.mark.parametrize("gene", ["*", "(", "A(B", "[EGFR", ".*"])
def test_a_gene_is_no_pattern(tmp_path: Path, gene: str) -> None:
    from fuzz_targets import TARGETS

    target = TARGETS["civic"]
    name, data = target.seeds(tmp_path)[0]
    (tmp_path / name).write_bytes(data.replace(b"\nMET\t", f"\n{gene}\t".encode()))
    assert gene.encode() in (tmp_path / name).read_bytes()
    read = target.read(tmp_path / name)
    assert isinstance(read, list) and not any(one.match == "fusion" for one in read)
