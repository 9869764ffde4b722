"""Collect .mlir files: one test per RUN line and part of a file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.filecheck.runner import CheckFailure, Run, runs_of


def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> pytest.Collector | None:
    if file_path.suffix == ".mlir":
        return MlirFile.from_parent(parent, path=file_path)
    return None


class MlirFile(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        for run in runs_of(self.path.read_text()):
            yield MlirItem.from_parent(self, name=run.name, run=run)


class MlirItem(pytest.Item):
    def __init__(self, *, run: Run, **kwargs) -> None:
        super().__init__(**kwargs)
        self.run = run

    def runtest(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.run.execute(Path(folder))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]):
        if isinstance(excinfo.value, CheckFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, 0, f"{self.path.name}::{self.name}"
