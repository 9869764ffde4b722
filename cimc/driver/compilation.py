"""From an ONNX model to an artifact."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from cimc.context import CompilationContext
from cimc.diagnostics import (
    CimcWarning,
    DoesNotFitError,
    InputError,
    VerificationError,
)
from cimc.driver.artifact import Artifact
from cimc.driver.collector import collector_paused
from cimc.driver.execution import Execution
from cimc.driver.fit import with_fitting_chips
from cimc.driver.inputs import Images, ImageSource
from cimc.driver.levels import execute, level_of, text_of
from cimc.driver.machines import Machine, load_machine
from cimc.driver.passes import Observer, parse_passes, run_passes
from cimc.driver.verification import comparable, compare
from cimc.frontend import Calibration, ImportedModel, Shapes, Source, import_model
from cimc.golden import Golden
from cimc.isa.declared import Instruction
from cimc.objective import Objective
from cimc.weights import WeightStore

__all__ = [
    "Compilation",
    "compile_imported",
    "compile_model",
    "copy_of",
    "default_pipeline",
    "text_at_level",
]


@dataclass(frozen=True)
class Compilation:
    """An artifact, and how it came about.

    ``weights`` are all constants that the IR of any level refers to; ``seconds`` says
    how long each pass took, in order; ``gaps`` how far from the best what a pass has
    solved may be, as a part of it.
    """

    artifact: Artifact
    weights: WeightStore
    seconds: Mapping[str, float]
    gaps: Mapping[str, float]

    def report(self, execution: Execution | None = None) -> dict[str, Any]:
        """All metrics, with those of a run of the artifact if there was one."""
        metrics = execution.metrics if execution else self.artifact.metrics
        seconds = dict(self.seconds)
        compiling = {
            "wall_s": sum(seconds.values()),
            "passes": seconds,
            "gaps": dict(self.gaps),
        }
        return {**metrics, "compile": compiling}


def compile_model(
    source: Source,
    *,
    target: str = "rram",
    chip: str | None = None,
    shapes: Shapes | None = None,
    calibration: Calibration | None = None,
    objective: Objective = "latency",
    batch: int = 1,
    pipeline: str | None = None,
    verify_each: ImageSource | None = None,
    observer: Observer | None = None,
) -> Compilation:
    """Compile a model for a chip of a target.

    ``objective`` is what the target's own pipeline works for, and ``batch`` how many
    images may be under way at the same time; ``pipeline`` replaces that pipeline.
    ``verify_each`` executes the module after every pass and compares all feature
    maps with onnxruntime, on the first image that it gives for the quantised model.
    With one of the two, the rules of the IR are
    checked after every pass, too; those of the program always are. ``observer`` is
    called with the imported module and then after every pass.

    Raises:
        InputError: the model or an option is at fault.
        DoesNotFitError: the network does not fit the chip.
        VerificationError: with ``verify_each``, a pass changed the result (E060).
    """
    machine = load_machine(target, chip)
    if pipeline is not None:
        if batch != 1:
            raise InputError(
                "E007",
                "a pipeline of your own says itself how many images are under way",
                where="--batch",
                hints=("stream-images{images=4}, before insert-sync",),
            )
        parse_passes(pipeline)  # so that what is wrong with it is said at once
    start = perf_counter()
    model = import_model(source, shapes=shapes, calibration=calibration)
    import_seconds = perf_counter() - start
    return compile_imported(
        model,
        machine,
        import_seconds=import_seconds,
        objective=objective,
        batch=batch,
        pipeline=pipeline,
        verify_each=verify_each(model.quantised) if verify_each else None,
        observer=observer,
    )


@collector_paused()
def compile_imported(
    model: ImportedModel,
    machine: Machine,
    *,
    import_seconds: float,
    objective: Objective = "latency",
    batch: int = 1,
    pipeline: str | None = None,
    verify_each: Images | None = None,
    observer: Observer | None = None,
) -> Compilation:
    """Compile a model that has been read; its module and weights are used up.

    Like :func:`compile_model` otherwise. ``import_seconds`` is how long reading took.

    Raises:
        InputError: the pipeline is at fault.
        DoesNotFitError: the network does not fit the chip.
        VerificationError: with ``verify_each``, a pass changed the result (E060).
    """
    backend, chip = machine.target, machine.chip
    default = backend.pipeline_for(chip, objective, batch)
    text = pipeline if pipeline is not None else default
    passes = parse_passes(text)
    backend.attach_chip(model.module, chip)
    seconds: dict[str, float] = {}
    watchers: list[Observer] = [_timer(seconds)]
    if verify_each is not None:
        watchers.append(_verifier(model, machine, verify_each))
    if observer is not None:
        watchers.append(observer)

    def watch(name: str, module: ModuleOp, duration: float) -> None:
        for watcher in watchers:
            watcher(name, module, duration)

    watch("import", model.module, import_seconds)
    imported = copy_of(model)
    context = CompilationContext(weights=model.weights)
    verify = verify_each is not None or pipeline is not None
    try:
        run_passes(model.module, context, passes, watch, verify=verify)
    except DoesNotFitError as error:
        if pipeline is None and objective != "area":
            return _without_copies(
                error,
                imported,
                machine,
                import_seconds=import_seconds,
                batch=batch,
                verify_each=verify_each,
                observer=observer,
            )
        raise with_fitting_chips(
            error, imported.module, imported.weights, backend, batch
        ) from None
    if level_of(model.module) != "isa":
        raise InputError(
            "E075",
            f"the pipeline ends at the {level_of(model.module)} level, "
            "so there is no program",
            where="-p",
            hints=(
                "cimc opt, which runs part of a pipeline",
                f"the default: {default}",
            ),
        )
    start = perf_counter()
    program = backend.encode(model.module)
    seconds["encode"] = perf_counter() - start
    artifact = Artifact(
        target=backend,
        name=model.name,
        chip=chip,
        program=program,
        weights=_used(model.module, model.weights),
        golden=model.stored,
        inputs=model.inputs,
        outputs=model.outputs,
        pipeline=text,
        metrics={
            "target": backend.name,
            "chip": chip.name,
            "model": model.name,
            **backend.static_metrics(model.module, chip),
        },
    )
    return Compilation(artifact, model.weights, seconds, context.gaps)


def _without_copies(
    error: DoesNotFitError, model: ImportedModel, machine: Machine, **options: Any
) -> Compilation:
    """Compile with one copy of each layer, since more did not fit."""
    compilation = compile_imported(model, machine, objective="area", **options)
    found = error.diagnostic
    warnings.warn(
        CimcWarning(
            "W106",
            f"there is one copy of each layer, since with more {found.message}",
            where=found.where,
            hints=("--objective area says so at once", *found.hints),
        ),
        stacklevel=3,
    )
    return compilation


def copy_of(model: ImportedModel) -> ImportedModel:
    """The same model for passes to work on."""
    weights = model.weights.only(model.weights)
    return replace(model, module=model.module.clone(), weights=weights)


def default_pipeline(
    target: str, chip: str | None, objective: Objective = "latency", batch: int = 1
) -> str:
    """The pipeline text that a target would use for a chip."""
    machine = load_machine(target, chip)
    return machine.target.pipeline_for(machine.chip, objective, batch)


def text_at_level(artifact: Artifact, level: str) -> str:
    """The IR of an artifact as it leaves ``level``, from compiling it once more.

    Raises:
        InputError: the pipeline does not come to that level (E053).
    """
    model = import_model(artifact.model, name=artifact.name)
    artifact.target.attach_chip(model.module, artifact.chip)
    context = CompilationContext(weights=model.weights)
    text = text_of(model.module) if level == "cnn" else None

    def keep(name: str, module: ModuleOp, duration: float) -> None:
        nonlocal text
        if level_of(module) == level:
            text = text_of(module)

    run_passes(model.module, context, parse_passes(artifact.pipeline), keep)
    if text is None:
        raise InputError(
            "E053",
            f"the artifact has no IR of level {level!r}",
            hints=(f"one of: cnn, tile, {artifact.target.name}",),
        )
    return text


def _timer(seconds: dict[str, float]) -> Observer:
    def time(name: str, module: ModuleOp, duration: float) -> None:
        seconds[name] = seconds.get(name, 0.0) + duration

    return time


def _verifier(model: ImportedModel, machine: Machine, images: Images) -> Observer:
    """Execute the module after every pass and compare it with onnxruntime."""
    feeds = images.feeds[0]
    golden = Golden(model.quantised)
    inputs = model.host.prologue(feeds)

    def check(name: str, module: ModuleOp, duration: float) -> None:
        maps = execute(module, model.weights, machine.target, machine.chip, inputs)
        found = comparable(model.quantised, maps)
        expected = golden.run(feeds, list(found))
        result = compare(found, expected, 0, lambda tensor, index: name)
        if not result.equal:
            raise VerificationError(
                "E060",
                f"pass {name!r} changed the result",
                notes=(
                    f"{result.mismatches} of {result.elements} elements differ",
                    f"first: {result.first}",
                ),
                hints=("report it with the model and the options",),
            )

    return check


def _used(module: ModuleOp, weights: WeightStore) -> WeightStore:
    """The constants that the operations of a program refer to."""
    references = {
        constant
        for op in module.walk()
        if isinstance(op, Instruction)
        for constant in op.constants()
    }
    return weights.only(sorted(reference.symbol.data for reference in references))
