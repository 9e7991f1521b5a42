"""Progress: a bar on a terminal, plain lines in a log, nothing where nobody reads."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from truncal import progress

SIMULATE = [
    "simulate",
    "--patients",
    "150",
    "--mutations",
    "60",
    "--regions",
    "2",
    "--format",
    "counts",
    "--out",
]


def on_a_terminal(*arguments: str) -> str:
    """What a command writes to a terminal of its own."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))  # a terminal without a size gets no bar
    done = subprocess.Popen([sys.executable, "-m", "truncal", *arguments], stderr=theirs, stdout=theirs)
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not part:
            break
        seen += part
    os.close(ours)
    assert done.wait() == 0, seen
    return seen.decode()


def test_a_terminal_gets_a_bar_and_a_closing_line(tmp_path: Path) -> None:
    seen = on_a_terminal(*SIMULATE, str(tmp_path / "out"))
    assert "truncal simulate: patients:" in seen and "/150" in seen and "%|" in seen
    assert seen.rstrip().splitlines()[-1].endswith(f"150 patients in {tmp_path / 'out'}")


def test_quiet_is_quiet_on_a_terminal(tmp_path: Path) -> None:
    assert on_a_terminal(*SIMULATE, str(tmp_path / "out"), "--quiet") == ""


def test_a_log_gets_plain_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(progress.LOGGED, "1")
    now = iter(range(0, 1000, 4))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(now)))
    progress.watch("phylogeny")
    try:
        with progress.steps("chains", 6) as advance:
            for _ in range(6):
                advance()
    finally:
        progress.watch(None)
    assert capsys.readouterr().err.splitlines() == [
        "truncal phylogeny: chains, 3 of 6",
        "truncal phylogeny: chains, 6 of 6",
    ]


def test_nobody_reading_gets_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(progress.LOGGED, raising=False)
    progress.watch("counts")
    with progress.steps("sites") as advance:
        advance(5)
    assert capsys.readouterr().err == ""
