"""``python -m tests.fuzz SURFACE [--seconds N]``: search for what is no diagnostic.

Needs the extra ``fuzz`` (atheris). An input that raises anything but a
:class:`CimcError` is written to ``fuzz-findings/`` once per place, and the search goes
on; one that takes more than 10 s or 2 GiB is written there, too, and ends it. Inputs of
what has been fixed move to ``tests/fuzz/findings``, where a test reads them.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from pathlib import Path

import atheris

_ROOT = Path(__file__).parents[2]


def machine_code() -> list[str]:
    """Modules that numba compiles, which it cannot do to functions that are traced."""
    # Through the links the modules are called as they are imported.
    files = [
        *(_ROOT / "cimc" / "simulation").rglob("*.py"),
        *(_ROOT / "cimc" / "backends").glob("*/simulator/*.py"),
        *(_ROOT / "cimc" / "backends").glob("*/verify/*.py"),
    ]
    return [".".join(f.relative_to(_ROOT).with_suffix("").parts) for f in files]


class Findings:
    """Inputs that raised what they should not, one for each place in the code."""

    def __init__(self, folder: Path, surface: str) -> None:
        self._folder = folder
        self._surface = surface
        self._places: set[tuple[str, int]] = set()

    def add(self, data: bytes, error: BaseException) -> None:
        """Keep ``data`` if nothing has failed there yet."""
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if "/cimc/" in frame.filename] or frames
        place = ours[-1].filename, ours[-1].lineno or 0
        if place in self._places:
            return
        self._places.add(place)
        path = self._folder / f"{self._surface}-finding-{len(self._places)}"
        path.write_bytes(data)
        text = "".join(traceback.format_exception(error))
        path.with_suffix(".txt").write_text(text)
        print(f"FINDING {path}: {error!r}\n  at {place[0]}:{place[1]}", file=sys.stderr)


def main() -> None:
    """Fuzz one surface."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("surface", choices=("model", "artifact", "text", "chip"))
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--findings", type=Path, default=Path("fuzz-findings"))
    chosen = parser.parse_args()
    corpus = chosen.findings / f"{chosen.surface}-corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    with atheris.instrument_imports(include=["cimc"], exclude=machine_code()):
        from cimc.diagnostics import CimcError
        from tests.fuzz.surfaces import SURFACES

        surface = SURFACES[chosen.surface]
        for number, seed in enumerate(surface.seeds()):
            surface.accept(seed)  # imports all that is to be traced
            (corpus / f"seed-{number}").write_bytes(seed)
    findings = Findings(chosen.findings, chosen.surface)

    def one_input(data: bytes) -> None:
        try:
            surface.read(data)
        except CimcError:
            return
        except Exception as error:
            findings.add(data, error)

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        if surface.mutate is None or seed % 4 == 0:
            return atheris.Mutate(data, max_size)
        return surface.mutate(data, seed)[:max_size]

    options = [
        f"-max_total_time={chosen.seconds}",
        *(
            "-timeout=10",
            "-rss_limit_mb=2048",
            "-max_len=65536",
            "-print_final_stats=1",
        ),
        f"-artifact_prefix={chosen.findings}/{chosen.surface}-",
        str(corpus),
    ]
    atheris.Setup(sys.argv[:1] + options, one_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
