"""FORMAT values of many records as one array: packed record by record, unpacked all at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MISSING = np.iinfo(np.int32).min
_LAST_SPECIAL = MISSING + 7  # BCF reserves eight values for "missing" and "end of vector"


def pack(values: np.ndarray) -> bytes:
    """Bytes of one record's values (S, W): int32 as they are, anything else as float64 behind one byte."""
    if values.dtype == np.int32:
        return values.tobytes()
    return b"f" + numbers(values).tobytes()


def numbers(values: np.ndarray) -> np.ndarray:
    """Values of one record as float64 (S, W), NaN for missing; text (`12.5%`, `3,4,0,1`) is parsed."""
    if values.dtype.kind in "if":
        out = values.astype(float)
        if values.dtype.kind == "i":
            out[values <= _LAST_SPECIAL] = np.nan
        return out.reshape(len(values), -1)
    rows = [[_number(part) for part in str(text).split(",")] for text in values.tolist()]
    width = max(map(len, rows))
    return np.array([row + [np.nan] * (width - len(row)) for row in rows])


def _number(text: str) -> float:
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return np.nan


def stack(packed: Sequence[bytes], samples: int, wanted: Sequence[int]) -> np.ndarray:
    """(R, len(wanted), W) float64 of R records, NaN where missing and beyond a record's own width."""
    sizes = np.fromiter(map(len, packed), dtype=np.int64, count=len(packed))
    parts = []
    for size in np.unique(sizes[sizes > 0]).tolist():
        rows = np.flatnonzero(sizes == size)
        chosen = packed if len(rows) == len(packed) else [packed[row] for row in rows.tolist()]
        if size % 4 == 0:
            values = np.frombuffer(b"".join(chosen), dtype=np.int32).reshape(len(rows), samples, -1)[
                :, wanted
            ]
            floats = values.astype(float)
            if values.min() <= _LAST_SPECIAL:
                floats[values <= _LAST_SPECIAL] = np.nan
        else:
            joined = b"".join(part[1:] for part in chosen)
            floats = np.frombuffer(joined).reshape(len(rows), samples, -1)[:, wanted]
        if len(rows) == len(packed):
            return floats
        parts.append((rows, floats))
    out = np.full((len(packed), len(wanted), max((part.shape[2] for _, part in parts), default=1)), np.nan)
    for rows, floats in parts:
        out[rows, :, : floats.shape[2]] = floats
    return out
