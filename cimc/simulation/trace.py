"""A run's events as Chrome trace JSON, for Perfetto or chrome://tracing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from cimc.simulation import layout
from cimc.simulation.state import State

__all__ = ["TRACE_EVENTS", "write_trace"]

#: Events that a trace holds at most; more are counted and dropped.
TRACE_EVENTS = 1_000_000


def write_trace(state: State, path: Path) -> None:
    """Write the trace: a process per core or bank, a thread per unit, 1 µs a cycle."""
    program = state.loaded
    count = int(state.scalars[layout.G_TRACE])
    dropped = int(state.scalars[layout.G_DROPPED])
    rows = cast("list[list[int]]", state.trace[:count].tolist())
    events: list[dict[str, Any]] = []
    for core, unit in sorted({(row[0], row[1]) for row in rows}):
        number = program.core_numbers[core]
        process = f"{program.kind} {number}"
        events.append(_name("process_name", number, 0, process))
        events.append(_name("thread_name", number, unit, program.unit_name(unit)))
    for core, unit, pc, start, stop in rows:
        section = program.lines[pc].section
        events.append(
            {
                "name": program.lines[pc].text,
                "cat": "" if section is None else section.layer,
                "ph": "X",
                "ts": start,
                "dur": stop - start,
                "pid": program.core_numbers[core],
                "tid": unit,
                "args": {"phase": program.core_phases[core]},
            }
        )
    note = f"{dropped} later events did not fit" if dropped else "complete"
    document = {"traceEvents": events, "otherData": {"unit": "cycle", "note": note}}
    path.write_text(json.dumps(document), encoding="utf-8")


def _name(kind: str, process: int, thread: int, name: str) -> dict[str, Any]:
    return {
        "name": kind,
        "ph": "M",
        "pid": process,
        "tid": thread,
        "args": {"name": name},
    }
