"""The genome build of a patient's files: what they say, that they agree, and what follows where none says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from truncal.copynumber.genome import LENGTHS, builds_that_fit
from truncal.copynumber.segments import Segments
from truncal.counts.result import Warnings
from truncal.counts.union import Union
from truncal.errors import Faults, UserError


def agreed_build(stated_by: Sequence[tuple[Path, str | None]], stated: str) -> str | None:
    """The build that all files agree on.

    Raises
    ------
    UserError
        two files of the patient have different builds, or another one than the config states.

    """
    named = {build: path for path, build in stated_by if build is not None}
    if len(named) > 1:
        said = ", ".join(f"{path.name} {build}" for build, path in named.items())
        raise UserError(f"files of one patient have different genome builds ({said}); lift one of them over")
    if stated == "auto":
        return next(iter(named), None)
    faults = Faults()
    for build, path in named.items():
        if build != stated:
            faults.add(f"is {build}, but the config's `build` is {stated}", path)
    faults.raise_if_any()
    return stated


def inferred_build(union: Union, segments: Sequence[Segments | None], warnings: Warnings) -> str | None:
    """The only build in which mutations and segments lie within their chromosomes; None where both do.

    Segments reach to the chromosomes' ends, so they tell the builds apart where mutations rarely do.

    Raises
    ------
    UserError
        the mutations fit one build and the segments the other.

    """
    chromosomes = [key[0] for key in union.key]
    fit = builds_that_fit(chromosomes, union.pos.tolist())
    if not set(LENGTHS["GRCh37"]) & set(chromosomes):
        return None
    for part in segments:
        if part is None:
            continue
        theirs = builds_that_fit(part.chrom.tolist(), part.end.tolist())
        if fit and theirs and not fit & theirs:
            faults = Faults()
            faults.add(
                f"segments fit {next(iter(theirs))} only, the mutations {next(iter(fit))} only; all files "
                "of a patient must be of one build",
                part.file,
            )
            faults.raise_if_any()
        fit &= theirs
    if len(fit) != 1:
        return None
    build = fit.pop()
    warnings.append(
        (
            "build_inferred",
            f"No file states its genome build; {build} was inferred, the only one in which all mutations and "
            "segments lie within their chromosomes. Set `build` to be sure.",
        )
    )
    return build
