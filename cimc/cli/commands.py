"""The commands. Each imports what it needs when it runs, so that help is quick."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cimc import __version__
from cimc.cli import options
from cimc.cli.console import console, progress, show_fit, show_metrics
from cimc.cli.output import print_json, write_text

if TYPE_CHECKING:
    from cimc.driver import Artifact, Execution, Images, Verified

__all__ = ["app"]

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="Compile ONNX CNNs for compute-in-memory hardware and prove them right.",
)

Pipeline = Annotated[
    str | None, typer.Option("-p", "--pipeline", help="Passes to run, as text.")
]


def _version(wanted: bool) -> None:
    if wanted:
        write_text(f"cimc {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(  # pyright: ignore[reportUnusedFunction]
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options that stand before the command."""


@app.command("compile")
def compile_(
    model: options.Model,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Directory for the artifact."),
    ] = None,
    target: options.TargetNames = "rram",
    chip: options.Chips = None,
    calib: options.Calib = None,
    calib_method: options.CalibMethod = "minmax",
    shape: options.Shape = None,
    run: Annotated[
        bool, typer.Option("--run", help="Simulate and compare with onnxruntime.")
    ] = False,
    input: options.InputFile = None,
    objective: options.Objective = "latency",
    batch: options.Batch = 1,
    pipeline: Pipeline = None,
    print_pipeline: Annotated[
        bool, typer.Option(help="Print the pipeline's text and stop.")
    ] = False,
    print_ir_after_all: Annotated[
        bool, typer.Option(help="Print the IR after every pass (on stderr).")
    ] = False,
    dump_ir: Annotated[
        Path | None, typer.Option(help="Write the IR after every pass to this folder.")
    ] = None,
    verify_each: Annotated[
        bool, typer.Option(help="Execute the IR after every pass and compare it.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Compile a model to a program for a chip, or for several to compare them."""
    from cimc.cli.dumps import Dumps
    from cimc.driver import check_destination, compile_model, default_pipeline

    pairs = options.target_chip_pairs(target, chip)
    if len(pairs) > 1:
        options.refuse_for_several(
            {
                "-p": pipeline is not None,
                "--print-pipeline": print_pipeline,
                "--print-ir-after-all": print_ir_after_all,
            }
        )
    if print_pipeline:
        text = pipeline or default_pipeline(target, chip, objective, batch)
        write_text(f"{text}\n")
        return
    if output is None:
        raise typer.BadParameter("give a directory for the artifact", param_hint="-o")
    if input is not None and not (run or verify_each):
        raise typer.BadParameter("needs --run or --verify-each", param_hint="--input")
    images = options.image_source(input, model, batch)
    if len(pairs) > 1:
        from cimc.cli.comparison import compile_for_each
        from cimc.cli.table import show_comparison
        from cimc.driver import exit_code_of

        outcomes = compile_for_each(
            model,
            output,
            pairs,
            shapes=options.parse_shapes(shape),
            calibration=options.calibration(calib, calib_method),
            objective=objective,
            batch=batch,
            images=images,
            run=run,
            verify_each=verify_each,
            dump_ir=dump_ir,
        )
        if as_json:
            print_json({"machines": [found.as_json() for found in outcomes]})
        show_comparison(outcomes)
        raise typer.Exit(exit_code_of(outcomes))
    check_destination(output)
    dumps = Dumps(dump_ir, print_ir_after_all)
    compilation = compile_model(
        model,
        target=target,
        chip=chip,
        shapes=options.parse_shapes(shape),
        calibration=options.calibration(calib, calib_method),
        objective=objective,
        batch=batch,
        pipeline=pipeline,
        verify_each=images if verify_each else None,
        observer=dumps.observe,
    )
    dumps.save_weights(compilation.weights)
    artifact = compilation.artifact
    execution = verdict = None
    if run:
        execution = _execute(artifact, images(artifact.model), verify=True)
        verdict, artifact = execution.verified, execution.measured(artifact)
    if verdict is None or verdict.equal:
        artifact.save(output)
        console.print(f"written to {output}", soft_wrap=True, markup=False)
    _report(compilation.report(execution), as_json, verdict)


def _execute(
    artifact: Artifact,
    images: Images,
    *,
    verify: bool,
    trace: Path | None = None,
    fidelity: str | None = None,
) -> Execution:
    from cimc.driver import execute_images

    with progress("simulating") as bar:
        return execute_images(
            artifact,
            images,
            verify=verify,
            trace=trace,
            fidelity=fidelity,
            progress=bar,
        )


def _report(
    metrics: Mapping[str, Any], as_json: bool, verdict: Verified | None = None
) -> None:
    """Show metrics, then fail if a verdict says that the result is wrong."""
    if as_json:
        print_json(metrics)
    show_metrics(metrics)
    if verdict is not None:
        verdict.require()


@app.command()
def run(
    artifact: options.ArtifactDirectory,
    input: options.InputFile = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare with onnxruntime.")
    ] = False,
    trace: Annotated[
        Path | None,
        typer.Option(help="Write a trace of the first image, for Perfetto."),
    ] = None,
    program: Annotated[
        Path | None,
        typer.Option(help="Run this program (see `cimc asm`) in place of its own."),
    ] = None,
    segment: options.Segment = None,
    fidelity: Annotated[
        str | None,
        typer.Option(
            help="Simulator, where a target has several: lane (default) or domain "
            "on racetrack."
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Simulate a compiled artifact."""
    from cimc.driver import load
    from cimc.driver.files import read_bytes

    loaded = load(artifact)
    if program is not None:
        loaded = loaded.with_program(read_bytes(program), segment)
    elif segment is not None:
        raise typer.BadParameter("needs --program", param_hint="--segment")
    batch = loaded.metrics.get("batch", 1)
    images = options.image_source(input, artifact / "model.onnx", batch)(loaded.model)
    execution = _execute(loaded, images, verify=verify, trace=trace, fidelity=fidelity)
    _report(execution.metrics, as_json, execution.verified)


@app.command()
def check(
    model: options.Model,
    target: options.TargetName = "rram",
    chip: options.Chip = None,
    calib: options.Calib = None,
    shape: options.Shape = None,
    as_json: options.Json = False,
) -> None:
    """Say where each operator runs and whether the network fits the chip."""
    from cimc.driver import check_model

    report = check_model(
        model,
        target=target,
        chip=chip,
        shapes=options.parse_shapes(shape),
        calibration=options.calibration(calib),
    )
    if as_json:
        print_json(report.as_json())
    show_fit(report)
    raise typer.Exit(report.exit_code)


@app.command()
def quantize(
    model: options.Model,
    output: Annotated[Path, typer.Option("-o", "--output", help="ONNX file to write.")],
    calib: options.Calib = None,
    calib_method: options.CalibMethod = "minmax",
    shape: options.Shape = None,
    activations: Annotated[
        str, typer.Option(help="Type of activations: uint8 or int8.")
    ] = "uint8",
    weights: Annotated[
        str, typer.Option(help="Type of weights: int8, or int4 in int8 tensors.")
    ] = "int8",
    report: Annotated[
        bool,
        typer.Option("--report", help="Say what quantisation costs in each layer."),
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Quantise a float model with onnxruntime, to 8 bits or with weights of 4."""
    from cimc.cli.noise import show_noise
    from cimc.driver.quantisation import quantise_file

    if as_json and not report:
        raise typer.BadParameter("needs --report", param_hint="--json")
    noise = quantise_file(
        model,
        output,
        calibration=options.calibration(calib, calib_method),
        shapes=options.parse_shapes(shape),
        activations=activations,
        weights=weights,
        report=report,
    )
    if noise is not None:
        if as_json:
            print_json(noise.as_json())
        show_noise(noise)
    console.print(f"written to {output}", soft_wrap=True, markup=False)


@app.command()
def opt(
    file: Annotated[Path, typer.Argument(help="IR text (.mlir).", show_default=False)],
    pipeline: Pipeline = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Default: standard output.")
    ] = None,
) -> None:
    """Run passes on IR text, with the weights.npz beside it."""
    from cimc.driver.text import optimise_file

    write_text(optimise_file(file, pipeline or ""), output)


@app.command()
def disasm(
    program: Annotated[
        Path, typer.Argument(help="Artifact, or a program.bin.", show_default=False)
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Default: standard output.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target", help="Kind of hardware. Default: as the program says."
        ),
    ] = None,
    segment: options.Segment = None,
) -> None:
    """Print a compiled program as text of its ISA dialect."""
    from cimc.driver.text import disassemble

    write_text(disassemble(program, target, segment), output)


@app.command()
def asm(
    file: Annotated[Path, typer.Argument(help="ISA text (.mlir).", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Default: FILE with .bin.")
    ] = None,
) -> None:
    """Encode text of an ISA dialect as a program."""
    from cimc.driver.files import write_bytes
    from cimc.driver.text import assemble

    written = output or file.with_suffix(".bin")
    write_bytes(written, assemble(file))
    console.print(f"written to {written}", soft_wrap=True, markup=False)


@app.command()
def chips(
    name: Annotated[
        str | None, typer.Argument(help="Preset or YAML file to print.")
    ] = None,
    target: options.AnyTarget = None,
) -> None:
    """List the chip presets of all targets or of one, or print a chip.

    A chip is printed with the provenance of each number. A YAML file is read as a
    chip of the target, by default rram.
    """
    from cimc.driver import find_chip
    from cimc.target import get_target, target_names

    if name is not None:
        write_text(find_chip(name, target).to_yaml())
    elif target is not None:
        write_text("".join(f"{chip}\n" for chip in get_target(target).chip_names()))
    else:
        for known in map(get_target, target_names()):
            write_text(f"{known.name}: {known.summary}\n")
            for chip in known.chip_names():
                default = " (default)" if chip == known.default_chip else ""
                write_text(f"  {chip}{default}\n")
