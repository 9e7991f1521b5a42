"""Fuzz the parsers at length: `python tests/fuzz/fuzz.py [TARGET ...] [--seconds 600] [--bytes 5000000]`.

Each target runs in a child process with 2 GB of memory; an input that kills the child, runs for more than
20 s or raises anything but `UserError` is kept in `--findings` and the child starts again behind it. SIGTERM
ends a target early, with the figures so far.
`fuzz_atheris.py` does the same with mutations that are guided by coverage.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fuzz_targets import TARGETS, Target
from mutations import mutate

MEMORY = 2_000_000_000
PATIENCE = 20


class Slow(Exception):
    """An input took longer than `PATIENCE` seconds."""


def main() -> None:
    """Fuzz the chosen targets one after the other and print a table."""
    parser = argparse.ArgumentParser(description="Fuzz the parsers of truncal.")
    parser.add_argument("targets", nargs="*", help=f"any of {', '.join(TARGETS)} (default: all)")
    parser.add_argument("--seconds", type=float, default=60, help="CPU time a target at least")
    parser.add_argument("--bytes", type=int, default=0, help="bytes of input a target at least")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--findings", type=Path, default=Path("fuzz-findings"))
    parser.add_argument("--loud", action="store_true", help="leave htslib's messages on stderr")
    options = parser.parse_args()
    print(f"{'target':14} {'inputs':>8} {'bytes':>12} {'taken':>8} {'CPU s':>7} {'findings':>8}")
    worst = 0
    for name in options.targets or TARGETS:
        found = fuzz(TARGETS[name], options)
        worst += len(found["findings"])
        print(
            f"{name:14} {found['inputs']:8} {found['bytes']:12} {found['taken']:8} {found['cpu']:7.0f} "
            f"{len(found['findings']):8}",
            flush=True,
        )
        for place in found["findings"]:
            print(f"    {place}")
    sys.exit(1 if worst else 0)


def fuzz(target: Target, options: argparse.Namespace) -> dict[str, Any]:
    """Run a target's children until time and bytes are used up; distinct findings by place."""
    total: dict[str, Any] = {"inputs": 0, "bytes": 0, "taken": 0, "cpu": 0.0, "findings": {}}
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory(prefix="truncal-fuzz-") as folder:
        seeds = target.seeds(Path(folder) / "seeds")
        for name, data in seeds:  # what is imported here need not be imported by every child
            place = run_one(target, Path(folder), name, data)
            if place not in ("taken", "refused"):
                total["findings"][f"{place} on an unchanged seed"] = 1
        round_number = 0
        stopped = False

        def stop(_signal: int, _frame: object) -> None:
            nonlocal stopped
            stopped = True
            child.terminate()

        while not stopped and (total["cpu"] < options.seconds or total["bytes"] < options.bytes):
            state = Path(folder) / "state.json"
            state.unlink(missing_ok=True)
            child = context.Process(
                target=_child, args=(target, options, seeds, Path(folder), state, round_number, dict(total))
            )
            child.start()
            signal.signal(signal.SIGTERM, stop)
            child.join()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the next child must not inherit it
            done = json.loads(state.read_text()) if state.exists() else {}
            for name in ("inputs", "bytes", "taken", "cpu"):
                total[name] += done.get(name, 0)
            for place in done.get("findings", []):
                total["findings"][place] = total["findings"].get(place, 0) + 1
            if child.exitcode not in (0, None) and not stopped:
                place = f"killed: exit {child.exitcode}"
                _keep(options.findings, target, Path(folder), place)
                total["findings"][place] = total["findings"].get(place, 0) + 1
                if total["findings"][place] > 20:
                    break
            round_number += 1
    return total


def _child(
    target: Target,
    options: argparse.Namespace,
    seeds: list[tuple[str, bytes]],
    folder: Path,
    state: Path,
    round_number: int,
    before: dict[str, Any],
) -> None:
    """Fuzz until the budget is used; the counts are written every hundred inputs."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY * 3, MEMORY * 3))
    signal.signal(signal.SIGALRM, _too_slow)
    rng = random.Random(f"{options.seed} {target.name} {round_number}")
    if not options.loud:  # htslib reports every fault itself
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    done: dict[str, Any] = {"inputs": 0, "bytes": 0, "taken": 0, "cpu": 0.0, "findings": []}
    pool = list(seeds)
    shortest = min(len(data) for _, data in seeds) // 2  # what is cut short leads nowhere
    while True:
        name, data = rng.choice(pool if rng.random() < 0.5 else seeds)
        changed = mutate(data, rng)
        place = run_one(target, folder, name, changed)
        if place == "taken" and shortest <= len(changed) < 300_000 and len(pool) < 500:
            pool.append((name, changed))  # changes add up
        done["inputs"] += 1
        done["bytes"] += len(changed)
        done["taken"] += place == "taken"
        if place not in ("taken", "refused") and place not in done["findings"]:
            done["findings"].append(place)
            _keep(options.findings, target, folder, place)
        done["cpu"] = time.process_time()
        if done["inputs"] % 100 == 0 or place not in ("taken", "refused"):
            state.write_text(json.dumps(done))
        enough = before["cpu"] + done["cpu"] >= options.seconds
        if (enough and before["bytes"] + done["bytes"] >= options.bytes) or done["inputs"] >= 20_000:
            state.write_text(json.dumps(done))
            return


def run_one(target: Target, folder: Path, name: str, data: bytes) -> str:
    """Read one input: `taken`, `refused`, or the place and kind of what went wrong."""
    from truncal.errors import UserError

    path = folder / "input" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    (folder / "last").write_text(name)
    signal.alarm(PATIENCE)
    try:
        target.read(path)
    except UserError as error:
        return (
            "refused"
            if all(str(fault).strip() for fault in error.faults) and error.faults
            else "empty UserError"
        )
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [
            frame for frame in frames if "truncal" in frame.filename and "fuzz" not in frame.filename
        ] or frames
        (folder / "trace").write_text("".join(traceback.format_exception(error)))
        return f"{type(error).__name__} at {Path(own[-1].filename).name}:{own[-1].lineno}"
    finally:
        signal.alarm(0)
    return "taken"


def _too_slow(_signal: int, _frame: object) -> None:
    raise Slow(f"more than {PATIENCE} s")


def _keep(findings: Path, target: Target, folder: Path, place: str) -> None:
    """Keep the input of a finding, with its traceback."""
    name = (folder / "last").read_text()
    data = (folder / "input" / name).read_bytes()
    kept = findings / target.name
    kept.mkdir(parents=True, exist_ok=True)
    label = hashlib.sha256(place.encode()).hexdigest()[:10]
    (kept / f"{label}.{name}").write_bytes(data)
    trace = (folder / "trace").read_text() if (folder / "trace").exists() else ""
    (kept / f"{label}.txt").write_text(f"{place}\n{trace}")


if __name__ == "__main__":
    main()
