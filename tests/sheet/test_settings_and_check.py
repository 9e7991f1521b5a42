"""Settings with their defaults, `truncal check`, and the reference that is made from the schemas."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from truncal.cli import main
from truncal.errors import UserError
from truncal.sheet.reference import document
from truncal.sheet.samples import sheet_schema
from truncal.sheet.settings import config_schema, load_settings


def _rules(part: dict, prefix: str = "") -> dict[str, dict]:
    found = {}
    for name, rule in part["properties"].items():
        found[prefix + name] = rule
        if "properties" in rule:
            found |= _rules(rule, f"{prefix}{name}.")
    return found


def test_schemas_are_valid_and_every_key_is_described() -> None:
    for schema in (config_schema(), sheet_schema()):
        Draft202012Validator.check_schema(schema)
        for name, rule in _rules(schema).items():
            assert rule.get("description"), name
            assert "enum" in rule or "type" in rule, name
            if "default" in rule and "properties" not in rule:
                Draft202012Validator(rule).validate(rule["default"])


def test_defaults_come_from_the_schema_and_files_override_them(tmp_path: Path) -> None:
    assert load_settings()["reads"]["min_base_quality"] == 20
    (tmp_path / "s.yaml").write_text("reads: {min_depth: 7}\n")
    (tmp_path / "s.json").write_text('{"reads": {"min_depth": 8}}')
    assert load_settings(tmp_path / "s.yaml")["reads"]["min_depth"] == 7
    assert load_settings(tmp_path / "s.json")["reads"]["min_depth"] == 8
    assert load_settings('{"reads": {"min_depth": 9}}')["reads"]["min_depth"] == 9
    assert load_settings(tmp_path / "s.yaml")["reads"]["pass_filters"] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("reads: {min_depth: -1, nonsense: 2}\nseed: x\n", ["reads.min_depth", "nonsense", "seed"]),
        ("[1, 2]\n", ["not a mapping"]),
        ("a: [1\n", ["YAML"]),
    ],
)
def test_faulty_settings_are_all_named(tmp_path: Path, text: str, words: list[str]) -> None:
    (tmp_path / "s.yaml").write_text(text)
    with pytest.raises(UserError) as refused:
        load_settings(tmp_path / "s.yaml")
    for word in words:
        assert word in str(refused.value)


def test_check_reports_faults_of_sheet_and_settings_together(tmp_path: Path, capsys) -> None:
    (tmp_path / "s.tsv").write_text("patient\tsample\tvcf\tpurity\nP\tR\tnone.vcf\t3\n")
    (tmp_path / "s.yaml").write_text("seed: -4\n")
    assert main(["check", "--samples", str(tmp_path / "s.tsv"), "--settings", str(tmp_path / "s.yaml")]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3
    assert all(line.startswith("truncal: ") for line in said)


def test_check_says_what_a_good_sheet_holds(tmp_path: Path, capsys) -> None:
    (tmp_path / "a.vcf").write_text("x")
    (tmp_path / "s.tsv").write_text("patient\tsample\tvcf\tremark\nP\tR\ta.vcf\tx\n")
    assert main(["check", "--samples", str(tmp_path / "s.tsv"), "--settings", json.dumps({"seed": 3})]) == 0
    said = capsys.readouterr().out
    assert "1 samples of 1 patients" in said
    assert "remark" in said


def test_the_reference_is_what_the_schemas_say(project: Path) -> None:
    written = (project / "config/README.md").read_text(encoding="utf-8")
    assert written == document(), "run: python -m truncal.sheet.reference > config/README.md"


def test_check_opens_the_files_where_asked_to(tmp_path: Path, capsys) -> None:
    header = '##fileformat=VCFv4.2\n##FORMAT=<ID=AD,Number=R,Type=Integer,Description="a">\n'
    header += "#CHROM\tPOS\tID\tREF\tALT\tQUAL\t"
    (tmp_path / "a.vcf").write_text(header + "FILTER\tINFO\tFORMAT\tA\tB\n")
    (tmp_path / "b.vcf").write_text(header.replace("ID=AD", "ID=QQ") + "FILTER\tINFO\tFORMAT\tB\n")
    (tmp_path / "c.vcf").write_text("no VCF\n")
    (tmp_path / "x.seg").write_text("what\tis\tthis\n1\t2\t3\n")
    lines = ["patient\tsample\tvcf\tsegments", "P1\tR1\ta.vcf\tx.seg", "P2\tB\tb.vcf\tNA", "P3\tR\tc.vcf\tNA"]
    (tmp_path / "s.tsv").write_text("\n".join(lines) + "\n")
    assert main(["check", "--samples", str(tmp_path / "s.tsv")]) == 0
    assert main(["check", "--samples", str(tmp_path / "s.tsv"), "--files"]) == 2
    said = capsys.readouterr().err
    for words in (
        "row 2, column vcf: more than one column",
        "x.seg",
        "FORMAT fields found: QQ",
        "c.vcf: is no VCF",
    ):
        assert words in said
    assert len(said.splitlines()) == 4
