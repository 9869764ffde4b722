"""Quantise the float models to 8 bits (ONNX QDQ form) with cimc."""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx

from cimc.driver.quantisation import quantise_file

HERE = Path(__file__).parent
MODELS = {"lenet5": "mnist", "resnet8": "cifar10"}
"""Each model that ships in int8, too, and the data set that it reads."""

FAMILY = dict.fromkeys(
    (
        *("plain4", "plain8", "plain16", "residual4", "residual8"),
        *("separable4", "separable8", "separable16"),
    ),
    "cifar10",
)
"""Each network of the family but ResNet-8, and the data set that it reads."""


def name_samples(path: Path, samples: str) -> None:
    """Write into a model's metadata which file beside it has test images for it."""
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"cimc.samples": samples})
    path.write_bytes(model.SerializeToString(deterministic=True))


@contextmanager
def quantised(name: str, data: str, weights: str) -> Iterator[Path]:
    """Quantise a model for as long as the context lasts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}_{weights}.onnx"
        calibration = HERE / f"{data}_calib.npz"
        quantise_file(
            HERE / f"{name}.onnx", path, calibration=calibration, weights=weights
        )
        yield path


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
