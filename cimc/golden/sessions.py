"""onnxruntime sessions with the options that keep quantised operators in integers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import onnxruntime as ort
from onnx import ModelProto

from cimc.golden.failures import ORT_ERRORS, refused_by_onnxruntime
from cimc.weights import Array

__all__ = ["compute", "run", "session"]

#: Change numbers: one merges two changes of quantisation into one of another scale, one
#: takes other kernels for maps in NHWC, which round otherwise, and the last two hand on
#: quantised values to who reads the real ones before a Transpose.
_INEXACT = {
    "DoubleQDQPairsRemover",
    "NhwcTransformer",
    "TransposeOptimizer",
    "TransposeOptimizer_CPUExecutionProvider",
}


def session(
    model: ModelProto | Path,
    optimised: Path | None = None,
    *,
    optimise: bool = True,
) -> ort.InferenceSession:
    """An onnxruntime session whose QDQ operators run as integer kernels.

    ``optimised`` is where to write the graph that onnxruntime runs, if anywhere; the
    session is not meant to run then, and neither is one that does not ``optimise``.
    """
    options = ort.SessionOptions()
    options.log_severity_level = 4  # what it raises becomes a diagnostic
    if not optimise:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    # Without this entry int8 QDQ operators run in float32 on x86.
    options.add_session_config_entry("session.qdqisint8allowed", "1")
    # Its threads must not spin for work while the simulator has the processor.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if optimised is not None:
        options.optimized_model_filepath = str(optimised)
    if optimised is not None or not optimise:
        options.add_session_config_entry("session.disable_prepacking", "1")
    return ort.InferenceSession(
        str(model) if isinstance(model, Path) else model.SerializeToString(),
        options,
        providers=["CPUExecutionProvider"],
        disabled_optimizers=_INEXACT,
    )


def run(
    runner: ort.InferenceSession, names: Sequence[str], feeds: Mapping[str, Array]
) -> list[Array]:
    """The tensors of those names for one image.

    Raises:
        InputError: an operator does not take what it is given (E141).
    """
    try:
        return runner.run(list(names), dict(feeds))
    except ORT_ERRORS as error:
        raise refused_by_onnxruntime(error) from error


def compute(
    model: ModelProto, names: Sequence[str], feeds: Mapping[str, Array]
) -> list[Array]:
    """The same of a model that runs once.

    Raises:
        InputError: onnxruntime does not load it, or see :func:`run` (E141).
    """
    try:
        loaded = session(model)
    except ORT_ERRORS as error:
        raise refused_by_onnxruntime(error) from error
    return run(loaded, names, feeds)
