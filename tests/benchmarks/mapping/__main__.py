"""Each study is a module of this package with a function ``main(arguments)``."""

from __future__ import annotations

import sys
from importlib import import_module

STUDIES = {
    "study": "orders of cores on single layers, by crossbar and bus",
    "whole": "networks with one copy of each layer and with four times that",
    "scaling": "networks of 10² to 10⁵ crossbars: time and memory, and how they grow",
    "ablation": "what each pass is good for, by leaving it out",
    "peer": "networks on PIMCOMP-NN's chip, beside what it makes of them",
}

if __name__ == "__main__":
    name, *arguments = sys.argv[1:] or [""]
    if name not in STUDIES:
        known = "\n".join(f"  {study}: {what}" for study, what in STUDIES.items())
        sys.exit(f"usage: python -m tests.benchmarks.mapping STUDY …\n{known}")
    import_module(f"tests.benchmarks.mapping.{name}").main(arguments)
