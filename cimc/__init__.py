"""cimc: compile ONNX CNNs for compute-in-memory hardware and prove them right.

artifact = cimc.compile("model.onnx", target="rram", chip="pelke-128")
outputs = artifact.session().run(None, {"image": image})
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cimc.diagnostics import (
    CimcError,
    CimcWarning,
    Diagnostic,
    DoesNotFitError,
    InputError,
    VerificationError,
)

if TYPE_CHECKING:
    from cimc.driver import Artifact
    from cimc.frontend import Data, Method, Shapes, Source
    from cimc.objective import Objective

__version__ = "0.1.0"

__all__ = [
    "CimcError",
    "CimcWarning",
    "Diagnostic",
    "DoesNotFitError",
    "InputError",
    "VerificationError",
    "__version__",
    "compile",
    "load",
]


def compile(
    model: Source,
    target: str = "rram",
    chip: str | None = None,
    *,
    calibration: Data | None = None,
    calib_method: Method = "minmax",
    shapes: Shapes | None = None,
    objective: Objective = "latency",
    batch: int = 1,
    pipeline: str | None = None,
) -> Artifact:
    """Compile an ONNX model for a chip.

    ``model`` is a path, the bytes of a file, or a ``ModelProto``; ``chip`` a preset or
    a YAML file, by default the target's own; ``calibration`` an ``.npz`` file, a
    folder, arrays by input name, or ``"random"``, and needed for float models only,
    whose activations span all values that it gives, or what ``calib_method`` leaves of
    them (``"percentile"``, ``"entropy"``);
    ``shapes`` gives inputs with dynamic axes their shape; ``objective`` says what
    copies of layers are made for, ``"area"`` for none; ``batch`` how many images may be
    under way at the same time; ``pipeline`` replaces the target's passes.

    Raises:
        InputError: the model, the data or an option is at fault.
        DoesNotFitError: the network needs more than the chip has.
    """
    from cimc.driver import compile_model
    from cimc.frontend.calibration import calibration_with

    return compile_model(
        model,
        target=target,
        chip=chip,
        shapes=shapes,
        calibration=calibration_with(calibration, calib_method),
        objective=objective,
        batch=batch,
        pipeline=pipeline,
    ).artifact


def load(directory: Path | str) -> Artifact:
    """Read an artifact that :meth:`Artifact.save` or ``cimc compile`` wrote.

    Raises:
        InputError: it is missing, incomplete, altered or of another format.
    """
    from cimc.driver import load as load_artifact

    return load_artifact(directory)
