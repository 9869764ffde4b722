"""Modules to program bytes and back: ``decode(encode(module))`` prints the same.

Parts of a program: META (tables as JSON), UNIT (per core or bank: u16 number, u16
phase, u32 instructions of setup, u32 of main), CODE (the units' instructions one after
another, 16 bytes each), LINE (per section: u32 first instruction, u32 length, u32
layer).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import groupby

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.utils.exceptions import VerifyException

from cimc.diagnostics import InputError
from cimc.dialects.cim import WeightsRef
from cimc.isa.container import malformed, pack_parts, unpack_parts
from cimc.isa.declared import WORD_BYTES
from cimc.isa.instruction_set import InstructionSet
from cimc.isa.program import Layer, Line, linearise
from cimc.isa.rebuild import Rebuilder, Span
from cimc.isa.tables import Tables

__all__ = ["decode", "encode"]

_TAGS = (b"META", b"UNIT", b"CODE", b"LINE")
_UNIT = struct.Struct("<HHII")
_TRIPLE = struct.Struct("<III")
_MAX_CONSTANTS = 1 << 16


def encode(isa: InstructionSet, module: ModuleOp) -> bytes:
    """The program bytes of an ISA module; equal modules give equal bytes.

    Raises:
        InputError: the module breaks a rule of the dialect (E024).
    """
    try:
        isa.verify(module)
    except VerifyException as error:
        raise InputError("E024", f"the program is not valid: {error}") from error
    layers = {
        op.layer: index
        for index, op in enumerate(op for op in module.ops if isinstance(op, Layer))
    }
    constants: dict[WeightsRef, int] = {}
    table, code, spans = bytearray(), bytearray(), bytearray()
    start = 0
    for unit in isa.units_of(module):
        sections = [linearise(unit.setup), linearise(unit.main)]
        table += _UNIT.pack(unit.number, unit.phase, *map(len, sections))
        for lines in sections:
            code += b"".join(_word(line, constants) for line in lines)
            for first, length, layer in _spans(lines):
                spans += _TRIPLE.pack(start + first, length, layers[layer])
            start += len(lines)
    if len(constants) > _MAX_CONSTANTS:
        raise InputError(
            "E024", f"{len(constants)} constants, {_MAX_CONSTANTS} are allowed"
        )
    names = [(ref.symbol.data, ref.checksum.data) for ref in constants]
    meta = Tables.of(isa, module, names).to_bytes()
    contents = (meta, bytes(table), bytes(code), bytes(spans))
    return pack_parts(isa.name, dict(zip(_TAGS, contents, strict=True)))


def decode(isa: InstructionSet, data: bytes) -> ModuleOp:
    """The ISA module of program bytes.

    Raises:
        InputError: the bytes are truncated, damaged or break a rule (E023, E022).
    """
    meta, table, code, spans = unpack_parts(data, isa.name, _TAGS)
    if len(table) % _UNIT.size or len(spans) % _TRIPLE.size or len(code) % WORD_BYTES:
        raise malformed("a table ends within a row")
    tables = Tables.from_bytes(meta)
    declared = tables.operations(isa)
    words = [
        int.from_bytes(code[at : at + WORD_BYTES], "little")
        for at in range(0, len(code), WORD_BYTES)
    ]
    rebuilder = Rebuilder(
        isa,
        words,
        [Span(*row) for row in _TRIPLE.iter_unpack(spans)],
        [WeightsRef.of(*name) for name in tables.constants],
        [op.layer for op in declared if isinstance(op, Layer)],
    )
    ops: list[Operation] = [*declared]
    for number, phase, setup, main in _UNIT.iter_unpack(table):
        bodies = (rebuilder.section(setup), rebuilder.section(main))
        ops.append(isa.unit(*bodies, number=number, phase=phase))
    rebuilder.finish()
    module = ModuleOp(ops)
    tables.annotate(isa, module)
    try:
        isa.verify(module)
    except VerifyException as error:
        raise malformed(str(error)) from error
    return module


def _word(line: Line, constants: dict[WeightsRef, int]) -> bytes:
    """The encoded instruction; a constant's first use gives it the next index."""
    if line.op is None:
        return line.opcode.to_bytes(WORD_BYTES, "little")
    for constant in line.op.constants():
        constants.setdefault(constant, len(constants))
    word = line.op.to_word(constants)
    if not line.body:
        return word
    whole = int.from_bytes(word, "little") | line.body << 40
    return whole.to_bytes(WORD_BYTES, "little")


def _spans(lines: list[Line]) -> Iterator[tuple[int, int, str]]:
    """(first instruction, length, layer) of every section."""
    for section, group in groupby(enumerate(lines), lambda item: item[1].section):
        if section is not None:
            members = list(group)
            yield members[0][0], len(members), section.layer
