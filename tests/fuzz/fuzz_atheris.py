"""Fuzz one parser guided by coverage: `python tests/fuzz/fuzz_atheris.py TARGET [-max_total_time=600 ...]`.

Needs atheris (`pip install atheris`); further arguments are libFuzzer's. The first input that is neither
taken nor refused stops it, with a traceback and the input in a file.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parent))

INSTRUMENTED = (
    *("truncal.tables", "truncal.sheet", "truncal.report.document", "truncal.report.validate"),
    *("truncal.reads.maf", "truncal.reads.vcf", "truncal.reads.header", "truncal.reads.precheck"),
    *("truncal.copynumber.readers", "truncal.copynumber.rawtable", "truncal.copynumber.formats"),
    *("truncal.counts.table", "truncal.drivers.statements", "truncal.drivers.timing"),
    "truncal.phylogeny.inputs",
)
"""Parsers. Compiled kernels are left alone: numba cannot compile instrumented bytecode."""

with atheris.instrument_imports(include=list(INSTRUMENTED)):
    for name in INSTRUMENTED:
        importlib.import_module(name)

from fuzz_targets import TARGETS  # noqa: E402
from mutations import TOKENS  # noqa: E402

from truncal.errors import UserError  # noqa: E402


def main() -> None:
    """Write seeds and a dictionary, then hand over to libFuzzer."""
    target = TARGETS[sys.argv[1]]
    folder = Path(tempfile.mkdtemp(prefix="truncal-atheris-"))
    corpus = folder / "corpus"
    corpus.mkdir()
    seeds = target.seeds(folder / "seeds")
    for number, (_, data) in enumerate(seeds):
        (corpus / str(number)).write_bytes(data)
    words = folder / "words.dict"
    codes = ("".join(rf"\x{byte:02x}" for byte in token) for token in TOKENS if token)
    words.write_text("".join(f'"{code}"\n' for code in codes))
    path = folder / seeds[0][0]

    def one_input(data: bytes) -> None:
        path.write_bytes(data)
        with contextlib.suppress(UserError):
            target.read(path)

    arguments = [
        sys.argv[0],
        str(corpus),
        f"-dict={words}",
        "-timeout=20",
        "-rss_limit_mb=3000",
        *sys.argv[2:],
    ]
    atheris.Setup(arguments, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
