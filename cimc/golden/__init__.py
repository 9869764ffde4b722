"""The golden: onnxruntime on the quantised model, in exact integers.

Every number that cimc claims is compared with what these runs give.
"""

from cimc.golden.failures import ORT_ERRORS, ORT_LACKS, refused_by_onnxruntime
from cimc.golden.runs import Golden, check_types, float_layers, types_of
from cimc.golden.saturation import saturates, unsaturated
from cimc.golden.sessions import compute, run, session
from cimc.golden.stored import StoredModel

__all__ = [
    "ORT_ERRORS",
    "ORT_LACKS",
    "Golden",
    "StoredModel",
    "check_types",
    "compute",
    "float_layers",
    "refused_by_onnxruntime",
    "run",
    "saturates",
    "session",
    "types_of",
    "unsaturated",
]
