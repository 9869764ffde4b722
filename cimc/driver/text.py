"""IR as text: running passes on it, disassembling and assembling programs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser
from xdsl.parser.generic_parser import ParserState
from xdsl.utils.exceptions import ParseError, VerifyException
from xdsl.utils.lexer import Input
from xdsl.utils.mlir_lexer import MLIRLexer

from cimc.context import CompilationContext
from cimc.diagnostics import InputError
from cimc.driver.artifact import load
from cimc.driver.files import read_bytes, read_text
from cimc.driver.levels import text_of
from cimc.driver.passes import parse_passes, run_passes
from cimc.isa.container import target_of_program
from cimc.target import Target, get_target, target_names
from cimc.weights import WeightStore

__all__ = ["assemble", "disassemble", "optimise_file", "parse_module"]


def _context(weights: WeightStore) -> CompilationContext:
    """A context with the dialects of all installed targets."""
    context = CompilationContext(weights=weights)
    for name in target_names():
        context.register_dialect(name, get_target(name).dialect)
    return context


class _Lexer(MLIRLexer):
    """xDSL's lexer, with a pattern for strings that never tries anything twice.

    Where the closing quote is missing, xDSL's own takes time exponential in the length.
    """

    _unescaped_characters_regex: ClassVar[re.Pattern[str]] = re.compile(
        r'"(?:[^"\\\n\v\f]++|\\(?:["nt\\]|[0-9A-Fa-f]{2}))*+"'
    )


class _Parser(Parser):
    """Reads strings as xDSL prints them, with characters beyond ASCII as UTF-8.

    xDSL itself reads such a literal as bytes, which no attribute of ours is. Types of
    integers have at most 9999 bits: xDSL computes their limits.
    """

    _builtin_integer_type_regex: ClassVar[re.Pattern[str]] = re.compile(
        r"^[su]?i(\d{1,4})$"
    )

    def __init__(self, context: Context, text: str, where: str) -> None:
        super().__init__(context, "", where)
        self._resume_from(ParserState(_Lexer(Input(text, where))))

    def parse_optional_str_literal(self) -> str | None:
        """See base class."""
        literal = super().parse_optional_str_literal()
        if literal is not None:
            return literal
        escaped = self.parse_optional_bytes_literal()
        try:
            return None if escaped is None else escaped.decode()
        except UnicodeDecodeError:
            self.raise_error("a string must be UTF-8")


def parse_module(text: str, context: CompilationContext, where: str) -> ModuleOp:
    """Parse and verify a module.

    Raises:
        InputError: it is no IR (E072), or breaks a constraint (E073).
    """
    try:
        module = _Parser(context, text, where).parse_module()
        module.verify()
    except ParseError as error:
        raise InputError("E072", f"cannot be parsed: {error}", where=where) from error
    except VerifyException as error:
        raise InputError("E073", f"is invalid: {error}", where=where) from error
    return module


def optimise_file(path: Path, pipeline: str) -> str:
    """The text of a module after the passes of ``pipeline``.

    Constants come from the ``weights.npz`` beside the file, where there is one.

    Raises:
        InputError: the file or the pipeline is at fault.
        DoesNotFitError: a pass finds that the network does not fit the chip.
    """
    stored = path.parent / "weights.npz"
    weights = WeightStore.load(stored) if stored.is_file() else WeightStore()
    context = _context(weights)
    passes = parse_passes(pipeline)
    module = parse_module(read_text(path), context, str(path))
    run_passes(module, context, passes)
    return text_of(module)


def disassemble(
    path: Path, target: str | None = None, segment: int | None = None
) -> str:
    """The ISA text of an artifact, or of a bare program.

    ``target`` is what the program is for, by default what its header says; ``segment``
    the device segment of an artifact that has several.

    Raises:
        InputError: it is damaged (E051), no program of an installed target (E023),
            ``target`` is unknown (E001), or ``segment`` is missing or unfit (E008).
    """
    if path.is_dir():
        artifact = load(path)
        return artifact.ir(artifact.target.name, segment)
    if segment is not None:
        raise InputError(
            "E008",
            "a program is that of one device segment",
            where="--segment",
            hints=("leave it out, or give the directory of an artifact",),
        )
    program = read_bytes(path)
    backend = get_target(target) if target else _target_in(program, path)
    return text_of(backend.decode(program))


def _target_in(program: bytes, path: Path) -> Target:
    """The target that a program's header names."""
    name = target_of_program(program)
    if name not in target_names():
        raise InputError(
            "E023",
            f"not a program of an installed target, but of {name!r}",
            where=str(path),
            hints=(f"installed: {', '.join(target_names())}",),
        )
    return get_target(name)


def assemble(path: Path) -> bytes:
    """The program that ISA text describes.

    Raises:
        InputError: the text is at fault, or of no installed ISA (E076).
    """
    module = parse_module(read_text(path), _context(WeightStore()), str(path))
    return _target_of(module, path).encode(module)


def _target_of(module: ModuleOp, path: Path) -> Target:
    dialects = {op.dialect_name() for op in module.body.block.ops}
    for name in target_names():
        target = get_target(name)
        if dialects == {target.dialect().name}:
            return target
    raise InputError(
        "E076",
        "the module is not a program of an installed target",
        where=str(path),
        notes=(f"it has operations of: {', '.join(sorted(dialects)) or 'nothing'}",),
        hints=("cimc opt lowers it first",),
    )
