"""From an ONNX model to an artifact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from cimc.context import CompilationContext
from cimc.diagnostics import DoesNotFitError, InputError, VerificationError
from cimc.driver.artifact import Artifact
from cimc.driver.collector import collector_paused
from cimc.driver.execution import Execution
from cimc.driver.fit import crossings, parts_of, with_fitting_chips
from cimc.driver.inputs import Images, ImageSource
from cimc.driver.levels import execute, level_of, text_of
from cimc.driver.lower import Lowered, Way, lower
from cimc.driver.machines import Machine, load_machine
from cimc.driver.passes import Observer, parse_passes, run_passes
from cimc.driver.segment import Segment
from cimc.driver.totals import total
from cimc.driver.verification import comparable, compare
from cimc.frontend import Calibration, ImportedModel, Shapes, Source, import_model
from cimc.golden import Golden
from cimc.objective import Objective
from cimc.target import Part
from cimc.weights import WeightStore

__all__ = [
    "Compilation",
    "compile_imported",
    "compile_model",
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
    """Compile a model that has been read, and that stays as it is.

    Several device segments share the chip, or have it one after another where it does
    not hold them all; they do so, too, with a pipeline of the caller's, which says
    itself what it is for. ``observer`` gets passes of several segments with their
    numbers. ``import_seconds`` is how long reading took. Like :func:`compile_model`
    otherwise.

    Raises:
        InputError: the pipeline is at fault.
        DoesNotFitError: the network does not fit the chip.
        VerificationError: with ``verify_each``, a pass changed the result (E060).
    """
    verify = verify_each is not None or pipeline is not None
    way = Way(objective, batch, pipeline, verify)
    way.text(machine)  # so that what is wrong with the options is said at once
    watching = _Watching(model, {"import": import_seconds}, verify_each, observer)
    backend, chip = machine.target, machine.chip
    try:
        start = perf_counter()
        parts = None if pipeline else parts_of(model, backend, chip, batch)
        if len(model.segments) > 1:
            watching.seconds["share the chip"] = perf_counter() - start
        try:
            lowered = _lower_all(model, machine, way, watching, parts)
        except DoesNotFitError:
            if parts is None:
                raise
            parts = None
            lowered = _lower_all(model, machine, way, watching, parts)
    except DoesNotFitError as error:
        if pipeline is None:
            raise with_fitting_chips(error, model, backend, chip, batch) from None
        raise
    watching.seconds["encode"] = sum(found.seconds for found in lowered)
    segments = tuple(
        Segment(found.program, segment.border, found.pipeline, part)
        for found, segment, part in zip(
            lowered, model.segments, parts or [None] * len(lowered), strict=True
        )
    )
    metrics = total(
        [found.metrics for found in lowered],
        crossings(model, backend, chip),
        together=len(lowered) == 1 or parts is not None,
    )
    artifact = Artifact(
        target=backend,
        name=model.name,
        chip=chip,
        segments=segments,
        weights=_union(found.used for found in lowered),
        golden=model.stored,
        metrics={
            "target": backend.name,
            "chip": chip.name,
            "model": model.name,
            **metrics,
        },
    )
    gaps = {name: gap for found in lowered for name, gap in found.gaps.items()}
    weights = _union(found.weights for found in lowered)
    return Compilation(artifact, weights, watching.seconds, gaps)


def _lower_all(
    model: ImportedModel,
    machine: Machine,
    way: Way,
    watching: _Watching,
    parts: Sequence[Part] | None,
) -> list[Lowered]:
    """The programs of all segments, for their parts of the chip or for all of it."""
    found: list[Lowered] = []
    for number, segment in enumerate(model.segments):
        chip = machine.chip if parts is None else parts[number].of(machine.chip)
        own = Machine(machine.target, chip)

        def watch(
            weights: WeightStore, number: int = number, own: Machine = own
        ) -> Observer:
            return watching.observer(number, own, weights)

        found.append(lower(segment.module, model.weights, own, way, watch))
    return found


@dataclass(frozen=True)
class _Watching:
    """Who looks on while the segments of a model are compiled."""

    model: ImportedModel
    seconds: dict[str, float]
    images: Images | None
    user: Observer | None

    def observer(
        self, segment: int, machine: Machine, weights: WeightStore
    ) -> Observer:
        """Times and verifies the passes of a segment, and tells the user."""
        verify = None
        if self.images is not None:
            verify = _verifier(self.model, segment, machine, weights, self.images)
        suffix = f"-segment-{segment}" if len(self.model.segments) > 1 else ""

        def watch(name: str, module: ModuleOp, duration: float) -> None:
            self.seconds[name] = self.seconds.get(name, 0.0) + duration
            if verify is not None:
                verify(name + suffix, module, duration)
            if self.user is not None:
                self.user(name + suffix, module, duration)

        return watch


def _union(stores: Iterable[WeightStore]) -> WeightStore:
    """All constants of some stores; none has two of the same name."""
    found = WeightStore()
    for store in stores:
        found.update(store)
    return found


def default_pipeline(
    target: str, chip: str | None, objective: Objective = "latency", batch: int = 1
) -> str:
    """The pipeline text that a target would use for a chip."""
    machine = load_machine(target, chip)
    return machine.target.pipeline_for(machine.chip, objective, batch)


def text_at_level(artifact: Artifact, level: str, number: int) -> str:
    """The IR of a device segment as it leaves ``level``, from compiling it once more.

    Raises:
        InputError: the pipeline does not come to that level (E053).
    """
    model = import_model(artifact.model, name=artifact.name)
    segment, module = artifact.segments[number], model.segments[number].module
    artifact.target.attach_chip(module, segment.chip(artifact.chip))
    context = CompilationContext(weights=model.weights)
    text = text_of(module) if level == "cnn" else None

    def keep(name: str, module: ModuleOp, duration: float) -> None:
        nonlocal text
        if level_of(module) == level:
            text = text_of(module)

    run_passes(module, context, parse_passes(segment.pipeline), keep)
    if text is None:
        raise InputError(
            "E053",
            f"the artifact has no IR of level {level!r}",
            hints=(f"one of: cnn, tile, {artifact.target.name}",),
        )
    return text


def _verifier(
    model: ImportedModel,
    segment: int,
    machine: Machine,
    weights: WeightStore,
    images: Images,
) -> Observer:
    """Execute a segment after every pass and compare it with onnxruntime."""
    feeds = images.feeds[0]
    golden = Golden(model.quantised)
    before = [name for s in model.segments[:segment] for name in s.border.outputs]
    known = feeds | (golden.run(feeds, before) if before else {})
    inputs = model.host.inputs(segment, known)

    def check(name: str, module: ModuleOp, duration: float) -> None:
        maps = execute(module, weights, machine.target, machine.chip, inputs)
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
