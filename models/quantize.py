"""Quantise the float models to 8 bits (ONNX QDQ form) with cimc."""

import argparse
from pathlib import Path

import onnx

from cimc.driver.quantisation import quantise_file

HERE = Path(__file__).parent
MODELS = {"lenet5": "mnist", "resnet8": "cifar10"}
"""Each model and the data set that it reads."""


def name_samples(path: Path, samples: str) -> None:
    """Write into a model's metadata which file beside it has test images for it."""
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"cimc.samples": samples})
    path.write_bytes(model.SerializeToString(deterministic=True))


def main() -> None:
    """Quantise the models from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=HERE)
    parser.add_argument("models", nargs="*", default=list(MODELS))
    options = parser.parse_args()
    for name in options.models:
        data, target = MODELS[name], options.folder / f"{name}_int8.onnx"
        calibration = options.folder / f"{data}_calib.npz"
        quantise_file(options.folder / f"{name}.onnx", target, calibration=calibration)
        name_samples(target, f"{data}_test.npz")


if __name__ == "__main__":
    main()
