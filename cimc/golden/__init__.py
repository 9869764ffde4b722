"""The golden: onnxruntime on the quantised model, in exact integers.

Every number that cimc claims is compared with what these runs give.
"""

from cimc.golden.runs import Golden, check_types, float_layers
from cimc.golden.saturation import saturates, unsaturated
from cimc.golden.sessions import session

__all__ = [
    "Golden",
    "check_types",
    "float_layers",
    "saturates",
    "session",
    "unsaturated",
]
