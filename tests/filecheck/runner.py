"""RUN lines of .mlir files, executed in process (see README.md)."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filecheck.finput import FInput
from filecheck.matcher import Matcher
from filecheck.options import Options
from filecheck.parser import Parser, pattern_for_opts

from cimc.diagnostics import CimcError
from cimc.driver.text import optimise_file
from cimc.weights import Array, WeightStore

_RUN = re.compile(r"^// RUN: (.*)$", re.MULTILINE)
_WEIGHTS = re.compile(r"^// WEIGHTS: (\S+) (\S+) (\S+)$", re.MULTILINE)
_SPLIT = re.compile(r"^// -----$", re.MULTILINE)


class RunLineError(Exception):
    """A test file that is not written as README.md says."""


class CheckFailure(Exception):
    """A run that did not go as its file says."""


@dataclass(frozen=True)
class Run:
    """One RUN line on one part of a file."""

    name: str
    text: str
    pipeline: str
    fails: bool
    prefix: str

    def execute(self, folder: Path) -> None:
        """Run it in ``folder``.

        Raises:
            CheckFailure: it fails where it should not or the other way round, or its
                output differs from the checks.
        """
        output = self._output(folder)
        opts = Options("checks", check_prefixes=[self.prefix])
        checks = Parser(opts, io.StringIO(self.text), *pattern_for_opts(opts))
        matcher = Matcher(opts, FInput("output", output), checks)
        matcher.stderr = io.StringIO()
        if matcher.run() != 0:
            raise CheckFailure(f"{matcher.stderr.getvalue()}\noutput:\n{output}")

    def _output(self, folder: Path) -> str:
        """What cimc-opt prints: a module, or a diagnostic."""
        weights = WeightStore(dict(_constants(self.text)))
        weights.save(folder / "weights.npz")
        source, text = folder / "input.mlir", self.text
        for name in weights:
            text = text.replace(f'"@{name}"', f'"{weights.checksum(name)}"')
        source.write_text(text)
        try:
            output = optimise_file(source, self.pipeline)
        except CimcError as error:
            if not self.fails:
                raise CheckFailure(str(error)) from error
            return str(error).replace(str(source), "input.mlir")
        if self.fails:
            raise CheckFailure(f"it did not fail; output:\n{output}")
        for name in weights:
            output = output.replace(f'"{weights.checksum(name)}"', f'"@{name}"')
        return output


def _constants(text: str) -> Iterator[tuple[str, Array]]:
    """The constants of WEIGHTS lines; the name decides their random contents."""
    for name, dtype, shape in _WEIGHTS.findall(text):
        numbers = np.random.default_rng(list(name.encode()))
        sizes = [int(size) for size in shape.split("x")]
        match dtype:
            case "int8" | "uint8":
                limits = np.iinfo(dtype)
                array = numbers.integers(limits.min, limits.max + 1, sizes)
            case "int32":
                array = numbers.integers(-1000, 1000, sizes)
            case "float32":
                array = numbers.uniform(0.001, 0.01, sizes)
            case _:
                raise RunLineError(f"WEIGHTS of type {dtype!r}")
        yield name, array.astype(dtype)


def runs_of(text: str) -> Iterator[Run]:
    """All RUN lines of a file, each on every part of it.

    Raises:
        RunLineError: there is none, or one that README.md does not describe.
    """
    lines = _RUN.findall(text)
    if not lines:
        raise RunLineError("the file has no RUN line")
    for number, line in enumerate(lines, 1):
        run, options = _parse(line)
        parts = _SPLIT.split(text) if "--split-input-file" in options else [text]
        for part, content in enumerate(parts, 1):
            name = f"{number}" if len(parts) == 1 else f"{number}.{part}"
            yield Run(name, content, *run)


def _parse(line: str) -> tuple[tuple[str, bool, str], set[str]]:
    """(pipeline, fails, prefix) and the flags of a RUN line."""
    match [shlex.split(command) for command in line.split(" | ")]:
        case [left, ["filecheck", "%s", *checks]]:
            pass
        case _:
            raise RunLineError(f"RUN line without '| filecheck %s': {line}")
    fails = left[0] == "not"
    match left[fails:]:
        case ["cimc-opt", "%s", *flags]:
            pass
        case _:
            raise RunLineError(f"RUN line without 'cimc-opt %s': {line}")
    pipeline = ""
    if "-p" in flags:
        position = flags.index("-p")
        pipeline = flags.pop(position + 1)
        flags.pop(position)
    prefix = "CHECK"
    if checks:
        option, _, prefix = checks[0].partition("=")
        if option != "--check-prefix" or len(checks) > 1:
            raise RunLineError(f"unknown option of filecheck: {line}")
    if set(flags) - {"--split-input-file", "--verify-diagnostics"}:
        raise RunLineError(f"unknown option of cimc-opt: {line}")
    fails = fails or "--verify-diagnostics" in flags
    return (pipeline, fails, prefix), set(flags)
