"""The decompressed text of a VCF in large blocks, read ahead in a thread: zlib leaves the other core free."""

from __future__ import annotations

import queue
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

BLOCK = 1 << 21
"""Bytes of text in one block, roughly."""

_READ = 1 << 20
_AHEAD = 4


class Damaged(Exception):
    """The compression is cut off or damaged."""


def text_blocks(path: Path) -> Iterator[bytes]:
    """Blocks of whole lines of a plain, gzip or bgzip file; a last line without an end gets one.

    Raises
    ------
    Damaged, OSError
        the file can't be read to its end.

    """
    rest = b""
    for block in _ahead(_pieces(path)):
        cut = block.rfind(b"\n") + 1
        if cut:
            yield rest + block[:cut] if rest else block[:cut]
            rest = block[cut:]
        else:
            rest += block
    if rest:
        yield rest + b"\n"


def _ahead(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same items, made in another thread, a few ahead of their use."""
    ready: queue.Queue = queue.Queue(_AHEAD)
    stop = threading.Event()

    def put(item: object) -> bool:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for piece in pieces:
                if not put(piece):
                    return
        except Exception as error:  # handed over to the reader
            put(error)
        else:
            put(None)

    threading.Thread(target=work, daemon=True).start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        stop.set()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as handle:
        start = handle.read(18)
        handle.seek(0)
        if start[:2] != b"\x1f\x8b":
            while piece := handle.read(BLOCK):
                yield piece
        elif start[3] & 4 and start[12:14] == b"BC":
            yield from _joined(_bgzip(handle))
        else:
            yield from _joined(_gzip(handle))


def _joined(parts: Iterator[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= BLOCK:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def _bgzip(handle: IO[bytes]) -> Iterator[bytes]:
    """Blocks of a BGZF file (SAM specification, 4.1), each checked against its length and CRC."""
    data, at = handle.read(_READ), 0
    while True:
        if len(data) - at < 1 << 16 and (more := handle.read(_READ)):
            data, at = data[at:] + more, 0
        if at == len(data):
            return
        if data[at : at + 4] != b"\x1f\x8b\x08\x04" or data[at + 12 : at + 16] != b"BC\x02\x00":
            raise Damaged
        end = at + int.from_bytes(data[at + 16 : at + 18], "little") + 1
        if end > len(data) or end - at < 26:
            raise Damaged
        try:
            text = zlib.decompress(memoryview(data)[at + 18 : end - 8], -15, 1 << 16)
        except zlib.error as error:
            raise Damaged from error
        said = data[end - 8 : end]
        if zlib.crc32(text) != int.from_bytes(said[:4], "little"):
            raise Damaged
        if len(text) != int.from_bytes(said[4:], "little"):
            raise Damaged
        yield text
        at = end


def _gzip(handle: IO[bytes]) -> Iterator[bytes]:
    import gzip

    try:
        with gzip.GzipFile(fileobj=handle) as stream:
            while text := stream.read(_READ):
                yield text
    except (OSError, EOFError, zlib.error) as error:
        raise Damaged from error
