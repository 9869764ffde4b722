"""Write or check checksums.json, the record of the shipped files."""

import argparse
import json
import sys
from pathlib import Path

from datasets import file_sha256
from evaluate import sample_correct
from quantize import HERE, MODELS

RECORD = "checksums.json"


def describe(folder: Path) -> dict[str, dict[str, str | int]]:
    """Return the SHA-256 of every shipped file, and the int8 sample scores."""
    record: dict[str, dict[str, str | int]] = {
        path.name: {"sha256": file_sha256(path)}
        for path in sorted(folder.iterdir())
        if path.suffix in {".npz", ".onnx"}
    }
    for name, data in MODELS.items():
        model = f"{name}_int8.onnx"
        sample = folder / f"{data}_test.npz"
        record[model]["sample_correct"] = sample_correct(folder / model, sample)
    return record


def main() -> None:
    """Write the record, or compare it with the files, from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=HERE)
    parser.add_argument("--check", action="store_true", help="compare, do not write")
    options = parser.parse_args()
    path = options.folder / RECORD
    found = describe(options.folder)
    if not options.check:
        path.write_text(json.dumps(found, indent=2) + "\n")
    elif found != json.loads(path.read_text()):
        sys.exit(f"the files do not match {path}")


if __name__ == "__main__":
    main()
