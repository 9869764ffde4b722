"""One trace of all device segments from the traces of each."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["SegmentTraces"]


class SegmentTraces:
    """Where simulators write traces, and what joins them at ``path`` in the end.

    The only segment's is written there as it is. Of several segments each begins when
    the one before has ended; processes say whose they are.
    """

    def __init__(self, path: Path | None, segments: int) -> None:
        self._path, self._segments = path, segments
        self._folder: Path | None = None

    def __enter__(self) -> SegmentTraces:
        if self._path is not None and self._segments > 1:
            self._folder = Path(tempfile.mkdtemp(prefix="cimc-"))
        return self

    def path(self, segment: int) -> Path | None:
        """The file for the trace of a segment, if anybody wants one."""
        return self._path if self._folder is None else self._folder / f"{segment}.json"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._folder is None or self._path is None:
            return
        try:
            found = [self._folder / f"{n}.json" for n in range(self._segments)]
            written = [path for path in found if path.is_file()]
            self._path.write_text(json.dumps(_joined(written)), encoding="utf-8")
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


def _joined(paths: list[Path]) -> dict[str, Any]:
    """The document with the events of all traces."""
    events: list[dict[str, Any]] = []
    notes: list[str] = []
    start = process = 0
    for segment, path in enumerate(paths):
        document = json.loads(path.read_text(encoding="utf-8"))
        stop, last = start, process
        for event in document["traceEvents"]:
            event["pid"] += process
            last = max(last, event["pid"] + 1)
            if "ts" in event:
                event["ts"] += start
                stop = max(stop, event["ts"] + event["dur"])
            elif event["name"] == "process_name":
                event["args"]["name"] = f"segment {segment} {event['args']['name']}"
            events.append(event)
        notes.append(document["otherData"]["note"])
        start, process = stop, last
    note = next((note for note in notes if note != "complete"), "complete")
    return {"traceEvents": events, "otherData": {"unit": "cycle", "note": note}}
