"""Short fuzzing of every parser, the same inputs each time; `fuzz.py` does it at length."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fuzz_targets import TARGETS
from mutations import mutate

from truncal.errors import UserError

EXAMPLES = 150


@pytest.fixture(scope="module")
def seeds_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seeds")


@pytest.mark.parametrize("name", list(TARGETS))
def test_seeds_are_taken(name: str, seeds_folder: Path, tmp_path: Path) -> None:
    """Mutations start from inputs that the parser takes, or they would not get past its first line."""
    target = TARGETS[name]
    taken = 0
    for file, data in target.seeds(seeds_folder):
        (tmp_path / file).write_bytes(data)
        try:
            target.read(tmp_path / file)
        except UserError:
            continue
        taken += 1
    assert taken


@pytest.mark.parametrize("name", list(TARGETS))
def test_an_input_is_taken_or_refused(name: str, seeds_folder: Path, tmp_path: Path) -> None:
    target = TARGETS[name]
    rng = random.Random(name)
    pool = list(target.seeds(seeds_folder))
    for number in range(EXAMPLES):
        file, data = pool[rng.randrange(len(pool))]
        changed = mutate(data, rng)
        path = tmp_path / str(number) / file
        path.parent.mkdir()
        path.write_bytes(changed)
        try:
            target.read(path)
            pool.append((file, changed))  # changes add up
        except UserError as error:
            assert error.faults and all(str(fault).strip() for fault in error.faults)
            assert all("\n" not in str(fault) for fault in error.faults)
