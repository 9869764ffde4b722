"""``python -m tests.external [NAME…] [--json]``: what became of each model."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from tests.external.fetch import fetched
from tests.external.models import MODELS
from tests.external.trials import trial_of
from tests.support.trial import show

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.external")
    parser.add_argument("names", nargs="*", default=list(MODELS))
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    trials = {
        f"{name} on {target}": trial_of(name, target)
        for name in chosen.names
        if fetched(name)
        for target in MODELS[name].chips
    }
    show(trials)
    if chosen.json:
        print(json.dumps({name: asdict(trial) for name, trial in trials.items()}))
