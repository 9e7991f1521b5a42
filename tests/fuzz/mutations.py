"""Random changes of an input: bytes, fields and lines of any file, values of a JSON document."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

# Pieces that tend to upset parsers.
TOKENS: tuple[bytes, ...] = (
    *(b"", b"NA", b".", b"-1", b"0", b"1e309", b"-1e309", b"nan", b"inf", b"99999999999999999999", b"1.5"),
    *(b"\xff", b"\x00", b"\xef\xbb\xbf", b"\t", b"\n", b"\r\n", b"'", b'"', b"<", b"</script>", b"../../x"),
    *(b"$(touch x)", b";", b",", b"|", b":", b"{}", b"[]", b"null", b"true", b"chr1", b"X", b"MT", b"N"),
    *(b"<DEL>", b"*", b"A" * 999, "½²٣".encode(), "\u202e".encode(), b"%s%n", b"{0.__class__}"),
    *(b"2147483648", b"-2147483649", b"1_000", b" 1 "),
)  # fmt: skip


def mutate(data: bytes, rng: random.Random, tokens: Sequence[bytes] = TOKENS) -> bytes:
    """A few random changes: bytes, fields, lines and the end of the file; values of a JSON document."""
    if data[:1] == b"{" and rng.random() < 0.7:
        try:
            return _change_json(data, rng, tokens)
        except ValueError:
            pass
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        kind = rng.randrange(9)
        at = rng.randrange(len(out) + 1)
        if kind == 0 and out:
            out[at % len(out)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            out[at:at] = rng.choice(tokens)
        elif kind == 2:
            del out[at : at + rng.choice((1, 2, 8, 64))]
        elif kind == 3:
            del out[at:]
        else:
            out = bytearray(_change_lines(bytes(out), rng, tokens, kind))
    return bytes(out)


def _change_json(data: bytes, rng: random.Random, tokens: Sequence[bytes]) -> bytes:
    """Replace, remove or double some values at random places."""
    document = json.loads(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = document
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = rng.choice(keys)
            if isinstance(at[key], dict | list) and rng.random() < 0.9:
                at = at[key]
                continue
            kind = rng.randrange(4)
            if kind == 0:
                del at[key]
            elif kind == 1 and isinstance(at, list):
                at.append(at[key])
            else:
                values = (None, True, -1, 0, 1.5, 1e308, 10**30, [], {}, [[]], "", "x")
                token = rng.choice(tokens).decode(errors="replace")
                at[key] = rng.choice((token, *values))
            break
    return json.dumps(document, indent=0).encode()


def _change_lines(data: bytes, rng: random.Random, tokens: Sequence[bytes], kind: int) -> bytes:
    lines = data.split(b"\n")
    row = rng.randrange(len(lines))
    if kind == 4:
        lines.insert(rng.randrange(len(lines) + 1), lines[row])
    elif kind == 5:
        del lines[row]
    elif kind == 6:
        other = rng.randrange(len(lines))
        lines[row], lines[other] = lines[other], lines[row]
    else:
        fields = lines[row].split(b"\t")
        column = rng.randrange(len(fields))
        if kind == 7:
            fields[column] = rng.choice(tokens)
        elif rng.random() < 0.5:
            del fields[column]
        else:
            fields.insert(column, rng.choice(fields))
        lines[row] = b"\t".join(fields)
    return b"\n".join(lines)
