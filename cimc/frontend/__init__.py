"""ONNX model → quantised normal form → ``cnn`` modules, weights and host segments."""

from cimc.frontend.border import Border
from cimc.frontend.calibration import Calibration
from cimc.frontend.coverage import CoverageRow
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
from cimc.frontend.shapes import Shapes

__all__ = [
    "Activations",
    "Border",
    "Calibration",
    "CoverageRow",
    "DeviceSegment",
    "HostSegments",
    "ImportedModel",
    "Shapes",
    "Source",
    "Weights",
    "coverage",
    "import_model",
    "quantise_model",
]
