"""Protein and coding changes as annotators write them, brought to one form.

VEP gives `ENSP00000275493.2:p.Leu858Arg`, SnpEff `p.Leu858Arg`, bcftools csq `858L>858R` and
Funcotator `p.L858R`. A protein change means nothing without its transcript: MET's two isoforms differ by 18
residues, ROS1's by 6.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_THREE = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E", "Gly": "G",
    "His": "H", "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F", "Pro": "P", "Ser": "S",
    "Thr": "T", "Trp": "W", "Tyr": "Y", "Val": "V", "Sec": "U", "Ter": "*",
}  # fmt: skip
_NAMES = re.compile("|".join(_THREE))
_CSQ = re.compile(r"(\d+)([A-Z*]+)(?:\.\.\d+)?>(\d+)([A-Z*]+)(?:\.\.\d+)?\Z")
_SUBSTITUTION = re.compile(r"([A-Z])(\d+)([A-Z*=])\Z")
_SPLICE = re.compile(r"c\.[-*]?\d+(?:_[-*]?\d+)?([+-])(\d+)")
_POSITION = re.compile(r"(\d+)")


def short_protein(text: str | None) -> str | None:
    """`L858R`, `E746_A750del`, `K132Nfs*12` … of any spelling; `None` where there is no protein change."""
    if not text:
        return None
    change = unquote(text).rpartition(":")[2].strip()
    csq = _CSQ.match(change)
    if csq:
        return f"{csq[2]}{csq[1]}{csq[4]}" if len(csq[2]) == len(csq[4]) == 1 else change
    change = change.removeprefix("p.").strip("()").replace("(", "").replace(")", "")
    change = _NAMES.sub(lambda name: _THREE[name[0]], change)
    change = change.replace("X", "*") if re.search(r"\dX\Z|fsX", change) else change
    return change if _POSITION.search(change) else None


def prefix(text: str | None) -> str | None:
    """The transcript or protein before the colon, without version."""
    if not text or ":" not in text:
        return None
    return bare(text.partition(":")[0].strip())


def bare(transcript: str | None) -> str | None:
    """An accession without its version and whatever follows it."""
    if not transcript:
        return None
    parts = transcript.split()
    return parts[0].partition(".")[0] if parts else None


def shift_protein(change: str, offset: int) -> str:
    """The same change with every residue number moved by `offset` (not the length after `fs*`)."""
    head, fs, tail = change.partition("fs")
    return _POSITION.sub(lambda found: str(int(found[0]) + offset), head) + fs + tail


def first_residue(change: str) -> int | None:
    """Number of the first residue that a short protein change names."""
    found = _POSITION.search(change)
    return int(found[0]) if found else None


def effect(protein: str | None, coding: str | None) -> str | None:
    """`truncating`, `splice`, `missense`, `inframe`, `synonymous`, or `None` where nothing is said.

    `truncating`: stop gained, frameshift or start lost. `splice`: first or last two bases of an intron.
    """
    change = short_protein(protein)
    if change is not None:
        plain = _SUBSTITUTION.match(change)
        if "fs" in change or (plain and plain[3] == "*" and plain[1] != "*"):
            return "truncating"
        if change.startswith(("M1", "1M")) and (plain is None or plain[3] not in "=M"):
            return "truncating"
        if "=" in change or (plain and plain[1] == plain[3]):
            return "synonymous"
        if plain:
            return "missense"
        if change.startswith("*") or "ext" in change:
            return "missense"
        if re.search(r"del|ins|dup", change):
            return "truncating" if re.search(r"ins[A-Z]*\*", change) else "inframe"
        csq = _CSQ.match(change)
        if csq:
            return "truncating" if "*" in csq[4] else "inframe"
    splice = _SPLICE.search(coding or "")
    if splice and int(splice[2]) <= 2:
        return "splice"
    return None
