"""Running ``cimc`` in process, as the shell would."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cimc.cli import main


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class CommandLine:
    """Runs commands in ``folder``, which is the working directory."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str | Path) -> Result:
        self.capsys.readouterr()
        with self.monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["cimc", *map(str, arguments)])
            patch.chdir(self.folder)
            # Warnings that another test provoked must not be swallowed here.
            patch.setattr("warnings.filters", [("always", None, Warning, None, 0)])
            patch.setattr("warnings.showwarning", None)
            with pytest.raises(SystemExit) as exit:
                main()
        captured = self.capsys.readouterr()
        assert isinstance(exit.value.code, int)
        return Result(exit.value.code, captured.out, captured.err)
