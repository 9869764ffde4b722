"""Quantise the float models to int8 (ONNX QDQ form) with onnxruntime."""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

HERE = Path(__file__).parent
MODELS = {"lenet5": "mnist", "resnet8": "cifar10"}
"""Each model and the data set that it reads."""


class SampleReader(CalibrationDataReader):
    """Feeds the images of a sample to the calibration one by one."""

    def __init__(self, sample: Path) -> None:
        """Read the images of an .npz file."""
        with np.load(sample) as arrays:
            self._images: npt.NDArray[np.float32] = arrays["image"]
        self._feeds = self._iterate()

    def _iterate(self) -> Iterator[dict[str, npt.NDArray[np.float32]]]:
        for image in self._images:
            yield {"image": image[np.newaxis]}

    def get_next(self) -> dict[str, npt.NDArray[np.float32]]:
        """Return the next input of the model, or an empty one at the end."""
        return next(self._feeds, {})


def drop_variable_parts(path: Path) -> None:
    """Rewrite a model without metadata, doc strings and unused operator sets."""
    model = onnx.load(path)
    del model.metadata_props[:]
    model.graph.ClearField("doc_string")
    used = {node.domain for node in model.graph.node}
    kept = [entry for entry in model.opset_import if entry.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    for node in model.graph.node:
        node.ClearField("doc_string")
        del node.metadata_props[:]
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def name_samples(path: Path, samples: str) -> None:
    """Write into a model's metadata which file beside it has test images for it."""
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"cimc.samples": samples})
    path.write_bytes(model.SerializeToString(deterministic=True))


def quantize(source: Path, target: Path, sample: Path) -> None:
    """Quantise one model.

    Args:
        source: The float model.
        target: The int8 model to write.
        sample: The images that the value ranges are taken from.
    """
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / source.name
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            target,
            SampleReader(sample),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
    drop_variable_parts(target)


def main() -> None:
    """Quantise the models from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=HERE)
    parser.add_argument("models", nargs="*", default=list(MODELS))
    options = parser.parse_args()
    for name in options.models:
        target = options.folder / f"{name}_int8.onnx"
        quantize(
            options.folder / f"{name}.onnx",
            target,
            options.folder / f"{MODELS[name]}_calib.npz",
        )
        name_samples(target, f"{MODELS[name]}_test.npz")


if __name__ == "__main__":
    main()
