"""The frame of program.bin: magic, version, target, named parts, checksum.

Layout, little-endian: ``b"CIMC"``, u16 version, u16 number of parts, 16 bytes
target name, u32 CRC-32 of all that follows; per part a 4-byte tag and a u32 length;
then the parts in that order. Nothing may follow.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from cimc.diagnostics import InputError

__all__ = [
    "FORMAT_VERSION",
    "malformed",
    "pack_parts",
    "target_of_program",
    "unpack_parts",
]

FORMAT_VERSION = 3

_MAGIC = b"CIMC"
_HEADER = struct.Struct("<4sHH16sI")
_PART = struct.Struct("<4sI")


def malformed(why: str) -> InputError:
    """The error for bytes that are no program of ours (E023)."""
    return InputError(
        "E023",
        f"not a readable program: {why}",
        where="program.bin",
        hints=("compile the model again",),
    )


def pack_parts(target: str, parts: Mapping[bytes, bytes]) -> bytes:
    """Frame ``parts``, by 4-byte tag; the name has at most 16 letters."""
    rest = b"".join(_PART.pack(tag, len(data)) for tag, data in parts.items())
    rest += b"".join(parts.values())
    header = _HEADER.pack(
        _MAGIC, FORMAT_VERSION, len(parts), _field(target), zlib.crc32(rest)
    )
    return header + rest


def unpack_parts(data: bytes, target: str, tags: tuple[bytes, ...]) -> list[bytes]:
    """The parts of a framed program, which must be exactly ``tags``.

    Raises:
        InputError: the bytes are truncated, damaged or of another kind (E023).
    """
    if len(data) < _HEADER.size:
        raise malformed(f"{len(data)} bytes are too few")
    magic, version, count, found, crc = _HEADER.unpack_from(data)
    if magic != _MAGIC:
        raise malformed("it does not start with CIMC")
    if version != FORMAT_VERSION:
        raise malformed(f"format version {version}, this cimc reads {FORMAT_VERSION}")
    if found != _field(target):
        raise malformed(f"it is for target {found.rstrip(bytes(1))!r}, not {target}")
    if zlib.crc32(data[_HEADER.size :]) != crc:
        raise malformed("the checksum differs, the bytes are truncated or damaged")
    start = _HEADER.size + count * _PART.size
    if count != len(tags) or start > len(data):
        raise malformed(f"it has {count} parts instead of {len(tags)}")
    parts: list[bytes] = []
    for index, expected in enumerate(tags):
        tag, length = _PART.unpack_from(data, _HEADER.size + index * _PART.size)
        if tag != expected or start + length > len(data):
            raise malformed(f"part {tag!r} is out of place or too long")
        parts.append(data[start : start + length])
        start += length
    if start != len(data):
        raise malformed("bytes follow the last part")
    return parts


def _field(target: str) -> bytes:
    """The target's name in the 16 bytes of the header."""
    return target.encode()[:16].ljust(16, b"\0")


def target_of_program(data: bytes) -> str:
    """The name of the target that a framed program is for.

    Raises:
        InputError: the bytes do not start with a program's header (E023).
    """
    if len(data) < _HEADER.size:
        raise malformed(f"{len(data)} bytes are too few")
    magic, _, _, name, _ = _HEADER.unpack_from(data)
    if magic != _MAGIC:
        raise malformed("it does not start with CIMC")
    return name.rstrip(b"\0").decode("ascii", "replace")
