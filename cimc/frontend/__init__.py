"""ONNX model → quantised normal form → ``cnn`` modules, weights and host segments."""

from cimc.frontend.border import Border
from cimc.frontend.calibration import Calibration, Data, Method
from cimc.frontend.coverage_rows import CoverageRow
from cimc.frontend.entry import (
    DeviceSegment,
    ImportedModel,
    coverage,
    import_model,
    quantise_model,
)
from cimc.frontend.hosts import HostSegments
from cimc.frontend.load import Source
from cimc.frontend.quantise import Activations, Weights
from cimc.frontend.sensitivity import LayerNoise, NoiseReport, noise_report
from cimc.frontend.shapes import Shapes

__all__ = [
    "Activations",
    "Border",
    "Calibration",
    "CoverageRow",
    "Data",
    "DeviceSegment",
    "HostSegments",
    "ImportedModel",
    "LayerNoise",
    "Method",
    "NoiseReport",
    "Shapes",
    "Source",
    "Weights",
    "coverage",
    "import_model",
    "noise_report",
    "quantise_model",
]
