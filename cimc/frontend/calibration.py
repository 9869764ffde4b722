"""The user's data for calibration and runs, checked against the model's inputs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

import numpy as np
import onnx
from onnx import ModelProto

from cimc.diagnostics import CimcWarning, InputError
from cimc.frontend.shapes import model_inputs
from cimc.weights import Array, load_arrays

__all__ = [
    "Calibration",
    "Data",
    "Measurement",
    "Method",
    "calibration_with",
    "input_types",
    "measurement",
    "samples",
]

#: A file or folder, arrays by input name with leading batch axis, or ``"random"``.
Data = str | Path | Mapping[str, Array]

#: Which range of an activation's values the integers span: all of it, all but the
#: rarest values, or what loses least information.
Method = Literal["minmax", "percentile", "entropy"]


@dataclass(frozen=True)
class Measurement:
    """Data, and how the ranges of the activations follow from it."""

    data: Data
    method: Method = "minmax"


#: Data, with a method where it is not the usual one.
Calibration = Data | Measurement

_RANDOM_SAMPLES = 8

Inputs = Mapping[str, tuple[tuple[int, ...], np.dtype[np.generic]]]


def calibration_with(data: Data | None, method: str) -> Calibration | None:
    """Data, to be measured by the method of that name.

    Raises:
        InputError: there is no such method (E003).
    """
    if method not in get_args(Method):
        raise InputError(
            "E003",
            f"unknown method {method!r}",
            where="--calib-method",
            hints=(f"one of: {', '.join(get_args(Method))}",),
        )
    return None if data is None else Measurement(data, cast(Method, method))


def measurement(calibration: Calibration) -> Measurement:
    """Data and method of a calibration."""
    if isinstance(calibration, Measurement):
        return calibration
    return Measurement(calibration)


def input_types(model: ModelProto) -> Inputs:
    """Shape and dtype of each input of a model with static shapes."""
    return {
        info.name: (
            tuple(dim.dim_value for dim in info.type.tensor_type.shape.dim),
            onnx.helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type),
        )
        for info in model_inputs(model)
    }


def samples(model: ModelProto, source: Data) -> list[dict[str, Array]]:
    """One dictionary of arrays of the inputs' shapes per sample.

    Arrays of several samples have them along the first axis of an input if that is 1,
    and along an axis before it if not.

    Raises:
        InputError: the data cannot be read (E011) or does not fit the inputs (E122).
    """
    inputs = input_types(model)
    if isinstance(source, Mapping):
        batches = [("", source)]
    elif isinstance(source, str) and source == "random":
        return _random(inputs)
    else:
        batches = _files(_path(source), list(inputs))
    found = [s for where, batch in batches for s in _split(batch, inputs, where)]
    if not found:
        where = "" if isinstance(source, Mapping) else str(source)
        raise InputError("E122", "there is no sample in the data", where=where)
    return found


def _path(source: str | Path) -> Path:
    try:
        return Path(source)
    except TypeError as error:
        raise InputError(
            "E122",
            f"cannot read samples from {type(source).__name__}",
            hints=("give a path, or arrays by input name: {'image': images}",),
        ) from error


def _random(inputs: Inputs) -> list[dict[str, Array]]:
    warnings.warn(
        CimcWarning(
            "W102",
            "calibrated with random numbers in [0, 1): accuracy means nothing",
            hints=("--calib FILE.npz with images of the model's domain",),
        ),
        stacklevel=2,
    )
    generator = np.random.default_rng(0)
    return [
        {
            name: generator.random(shape).astype(dtype)
            for name, (shape, dtype) in inputs.items()
        }
        for _ in range(_RANDOM_SAMPLES)
    ]


def _files(path: Path, inputs: list[str]) -> Iterator[tuple[str, Mapping[str, Array]]]:
    """File and arrays by input name; an .npy file is for an only input."""
    files = [path]
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.suffix in (".npz", ".npy"))
        if not files:
            raise InputError(
                "E122", "the folder holds no .npz or .npy file", where=str(path)
            )
    for file in files:
        if file.suffix == ".npy":
            if len(inputs) != 1:
                raise InputError(
                    "E122",
                    f"an .npy file has no names, the model has {len(inputs)} inputs",
                    where=str(file),
                    hints=("save an .npz with one array per input",),
                )
            try:
                yield str(file), {inputs[0]: np.load(file, allow_pickle=False)}
            except (OSError, ValueError, EOFError) as error:
                raise InputError(
                    "E011", f"cannot be read as an array: {error}", where=str(file)
                ) from error
        else:
            yield str(file), load_arrays(file)


def _split(
    arrays: Mapping[str, Array], inputs: Inputs, where: str
) -> list[dict[str, Array]]:
    """Check a batch; keys that are no input (labels, say) are ignored."""
    checked: dict[str, Array] = {}
    for name, (shape, dtype) in inputs.items():
        if name not in arrays:
            raise InputError(
                "E122",
                f"there is no array for input {name!r}",
                where=where,
                notes=(f"it has: {', '.join(sorted(arrays)) or 'nothing'}",),
                hints=(f"np.savez(file, {name}=images)",),
            )
        checked[name] = _check(name, arrays[name], shape, dtype, where)
    if len({len(array) for array in checked.values()}) > 1:
        raise InputError(
            "E122", "the inputs differ in their number of samples", where=where
        )
    count = len(next(iter(checked.values())))
    return [
        {
            name: np.reshape(array[index], inputs[name][0])
            for name, array in checked.items()
        }
        for index in range(count)
    ]


def _check(
    name: str,
    array: Array,
    shape: tuple[int, ...],
    dtype: np.dtype[np.generic],
    where: str,
) -> Array:
    one = shape[1:] if shape[:1] == (1,) else shape
    if array.ndim != len(one) + 1 or array.shape[1:] != one:
        wanted = "x".join(map(str, ("N", *one)))
        raise InputError(
            "E122",
            f"array {name!r} has shape {array.shape}, not {wanted}",
            where=where,
            hints=("the first axis counts the samples, the others are the input's",),
        )
    if array.dtype.kind != dtype.kind:
        raise InputError(
            "E122",
            f"array {name!r} is {array.dtype}, the input is {dtype}",
            where=where,
            hints=("preprocess the images as for inference",),
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InputError(
            "E122", f"array {name!r} has elements that are not finite", where=where
        )
    return array.astype(dtype)
