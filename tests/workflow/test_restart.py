"""Runs struck by a fault, and the runs after them; `python -m benchmarks.faults` has the whole matrix."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from truncal.errors import UserError
from truncal.provenance import check_whole, damaged, write_step
from truncal.workflow import withdraw_damaged


@pytest.fixture(scope="module")
def faults(project: Path) -> Iterator[ModuleType]:
    """The module that does the harm."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(project))
        yield importlib.import_module("benchmarks.faults")


@pytest.fixture(scope="module")
def base(faults: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of two patients that nothing disturbed."""
    return faults.undisturbed(tmp_path_factory.mktemp("faults"))


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ("counts", "kill at end"),
        ("clones", "kill at start"),
        ("phylogeny", "node lost"),
        ("drivers", "disk full"),
        ("clones", "cut short"),
        ("assemble", "out of memory"),
    ],
)
def test_the_next_run_gives_the_bytes_of_an_undisturbed_one(
    faults: ModuleType, base: Path, step: str, fault: str
) -> None:
    if fault == "disk full" and os.geteuid() != 0:
        pytest.skip("a small disk can only be mounted by root")
    assert faults.suffer(base, step, fault) == "same bytes"


def test_a_second_run_on_a_folder_in_use_is_refused(faults: ModuleType, base: Path) -> None:
    assert faults.two_runs(base) == "second refused, same bytes"


def test_an_input_that_goes_away_stops_its_patient_only(faults: ModuleType, base: Path) -> None:
    assert faults.unreadable_input(base) == "same bytes"


def test_every_way_of_damaging_a_step_is_seen(tmp_path: Path) -> None:
    """Cut at a line, edited, lost and emptied; a folder without a record is not judged."""
    lines = "a\tb\n1\t2\n3\t4\n"
    folder = tmp_path / "P" / "clones"
    for name, change in {
        "mutations.tsv": lambda path: path.write_text("a\tb\n1\t2\n"),
        "ccf.tsv": lambda path: path.write_text(lines.replace("4", "5")),
        "clusters.tsv": lambda path: path.unlink(),
        "step.json": lambda path: path.write_text('{"outputs": [{"na'),
    }.items():
        folder.mkdir(parents=True, exist_ok=True)
        for table in ("mutations.tsv", "ccf.tsv", "clusters.tsv"):
            (folder / table).write_text(lines)
        check_whole(folder)
        write_step(folder, "clones", parameters={}, inputs=[])
        check_whole(folder)
        change(folder / name)
        assert damaged(folder) == [folder / name]
        with pytest.raises(UserError, match=f"{name}: is not what its step wrote"):
            check_whole(folder)
        said = withdraw_damaged(str(tmp_path), ["P"])
        assert name in said[0] and not (folder / "step.json").exists()
