"""What onnxruntime raises on models that are at fault, as diagnostics."""

from __future__ import annotations

import re

from onnxruntime.capi import onnxruntime_pybind11_state as errors

from cimc.diagnostics import InputError

__all__ = ["ORT_ERRORS", "ORT_LACKS", "refused_by_onnxruntime"]

#: What it raises where it lacks an operator.
ORT_LACKS = errors.NotImplemented

#: What it raises on models that it does not load or run.
ORT_ERRORS = (
    errors.Fail,
    errors.InvalidArgument,
    errors.InvalidGraph,
    errors.NotImplemented,
    errors.RuntimeException,
)


def refused_by_onnxruntime(error: Exception) -> InputError:
    """The diagnostic for a model that onnxruntime does not load or run.

    What onnxruntime says begins with codes and the path of a scratch file.
    """
    text = re.sub(r"^\[ONNXRuntimeError\]( : \w+)+ : ", "", str(error).strip())
    text = re.sub(r"^Load model from .*? failed:", "", text)
    return InputError(
        "E141",
        f"onnxruntime does not run the model: {text}",
        hints=("check that the model runs in onnxruntime",),
    )
