"""The histograms of onnxruntime.quantization."""

from typing import Any

from numpy.typing import NDArray

class HistogramCollector:
    def __init__(
        self,
        method: str,
        symmetric: bool,
        num_bins: int,
        num_quantized_bins: int,
        percentile: float,
        scenario: str,
    ) -> None: ...
    def collect(self, name_to_arr: dict[str, list[NDArray[Any]]]) -> None: ...
    def compute_collection_result(self) -> dict[str, tuple[NDArray[Any], ...]]: ...
