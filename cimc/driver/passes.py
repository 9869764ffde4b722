"""Pipelines: from text to passes, and running them with somebody watching."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import parse_pipeline
from xdsl.utils.exceptions import (
    ArgSpecParseError,
    PassFailedException,
    VerifyException,
)

from cimc.context import CompilationContext
from cimc.diagnostics import CimcError, InputError
from cimc.passes import PASSES
from cimc.target import get_target, target_names

__all__ = ["Observer", "known_passes", "parse_passes", "run_passes"]

Observer = Callable[[str, ModuleOp, float], None]
"""Called after each pass with its name, the module and the seconds it took."""


def known_passes() -> dict[str, Callable[[], type[ModulePass]]]:
    """All passes by name: cimc's own and those of every installed target."""
    passes = dict(PASSES)
    for name in target_names():
        passes.update(get_target(name).passes)
    return passes


def parse_passes(pipeline: str) -> list[ModulePass]:
    """The passes that ``pipeline`` names, with their options.

    Raises:
        InputError: the text is malformed, or names an unknown pass or option (E071).
    """
    known = known_passes()
    passes: list[ModulePass] = []
    try:
        specs = list(parse_pipeline(pipeline.strip()))
    except ArgSpecParseError as error:
        raise InputError(
            "E071",
            f"the pipeline cannot be parsed: {error}",
            hints=("write it as pass-a,pass-b{option=1 other=two}",),
        ) from error
    for spec in specs:
        if spec.name not in known:
            raise InputError(
                "E071",
                f"unknown pass {spec.name!r}",
                where="-p",
                hints=(f"one of: {', '.join(sorted(known))}",),
            )
        try:
            passes.append(known[spec.name]().from_spec(spec))
        except (ValueError, TypeError) as error:
            raise InputError(
                "E071", f"pass {spec.name!r}: {error}", where="-p"
            ) from error
    return passes


def run_passes(
    module: ModuleOp,
    context: CompilationContext,
    passes: Iterable[ModulePass],
    observer: Observer | None = None,
    *,
    verify: bool = True,
) -> None:
    """Run ``passes`` on ``module``; with ``verify``, check the IR after each.

    Raises:
        InputError: a pass cannot work on what the passes before it left (E074).
        CimcError: a pass left invalid IR, which is a fault of the pass (E070).
    """
    for pass_ in passes:
        start = perf_counter()
        try:
            pass_.apply(context, module)
        except PassFailedException as error:
            raise InputError(
                "E074", f"pass {pass_.name!r} failed: {error}", where="-p"
            ) from error
        try:
            if verify:
                module.verify()
        except VerifyException as error:
            raise CimcError(
                "E070",
                f"pass {pass_.name!r} left invalid IR: {error}",
                hints=("report it with the model and the options",),
            ) from error
        if observer is not None:
            observer(pass_.name, module, perf_counter() - start)
