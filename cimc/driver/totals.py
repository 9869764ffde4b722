"""Metrics of a network from those of its device segments, which run one by one.

Times, energies and counts add up. Cores, crossbars, memory and area add up where the
segments are on the chip together, each in its part of it; else they are those of the
segment that takes the most, and the chip is programmed before each segment, for every
image or batch: that counts like a phase. What crosses the border to the host counts in
cycles and energy, too; what the host computes does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

__all__ = ["Metrics", "total"]

Metrics = Mapping[str, Any]

#: Parts of a whole: of several segments their mean over the time that these take.
_RATIOS = ("utilisation",)
#: Of several segments what they take together, or what the largest one takes.
_SPACE = ("memory_bytes",)


def total(
    parts: Sequence[Metrics],
    crossings: Sequence[Metrics],
    *,
    together: bool,
    images: int = 1,
) -> dict[str, Any]:
    """Metrics of all segments from ``parts``, those of each.

    ``crossings`` are what its border takes. ``together`` says that the segments are on
    the chip at the same time; ``images`` of them go through each before the next one.
    """
    if not together:
        parts = [_programmed(part, images) for part in parts]
    whole = [_crossed(*found) for found in zip(parts, crossings, strict=True)]
    if len(whole) == 1:
        return whole[0]
    found: dict[str, Any] = {"segments": len(whole)}
    for key in dict.fromkeys(key for part in whole for key in part):
        values = [part[key] for part in whole if key in part]
        if key in _RATIOS:
            found[key] = _mean(values, [part["cycles"] for part in whole])
        elif key in _SPACE or _is_resource(values[0]):
            found[key] = _leaves(values, sum if together else max)
        elif key == "area_mm2":
            found[key] = _area(values, together)
        elif key == "layers":
            found[key] = _layers(whole)
        elif key == "without_phases" and len(values) < len(whole):
            continue
        else:
            found[key] = _sum(values)
    return found | _in_a_row(whole, together)


def _crossed(part: Metrics, crossing: Metrics) -> dict[str, Any]:
    """Metrics with the way of a segment's tensors from the host and back."""
    cycles, nanoseconds = crossing["cycles"], crossing["time_ns"]
    found = {**part, "host_traffic": dict(crossing)}
    found |= _later(found, cycles, nanoseconds, cycles)
    if "energy_pj" in found:
        found["energy_pj"] = _with_energy(found, "host", crossing["energy_pj"])
    if "traffic" in found:
        found["traffic"] = {**found["traffic"], "host_bytes": crossing["bytes"]}
    return found


def _programmed(part: Metrics, images: int) -> Metrics:
    """Metrics of a segment that the chip is programmed for whenever it runs.

    Those of a segment in phases say so already.
    """
    if "phases" in part:
        return part
    spent = part["programming"]
    each = round(spent["cycles"] / images)
    found = {**part, **_later(part, spent["cycles"], spent["time_ns"], each)}
    if "energy_pj" in found:
        found["energy_pj"] = _with_energy(
            found, "programming", spent["energy_pj"] / images
        )
    used = {key: value["used"] for key, value in part.items() if _is_resource(value)}
    row = {**used, "programming": spent}
    found["phases"] = [row | {"cycles": found["cycles"]} if "cycles" in found else row]
    if "times_until_worn" in spent:
        worn = spent["times_until_worn"] * part.get("batch", 1)
        found["programming"] = {**spent, "images_until_worn": worn}
    return found


def _later(
    part: Metrics, cycles: int, nanoseconds: float, from_image_to_image: int
) -> dict[str, Any]:
    """What tells time, when so much comes in front."""
    found: dict[str, Any] = {}
    if "cycles" in part:
        found["cycles"] = part["cycles"] + cycles
        found["time_ns"] = part["time_ns"] + nanoseconds
        clock_ns = part["time_ns"] / part["cycles"] if part["cycles"] else 0.0
        if "throughput" in part:
            known = part["throughput"]
            later = known["cycles_per_image"] + from_image_to_image
            found["throughput"] = {
                **known,
                "cycles_per_image": later,
                "images_per_s": 1e9 / (later * clock_ns),
            }
    for key, more in (("bound", cycles), ("throughput_bound", from_image_to_image)):
        if key in part:
            found[key] = {**part[key], "cycles": part[key]["cycles"] + more}
    return found


def _with_energy(part: Metrics, component: str, energy: float) -> dict[str, float]:
    known = cast(Mapping[str, float], part["energy_pj"])
    return {**known, "total": known["total"] + energy, component: energy}


def _in_a_row(parts: Sequence[Metrics], together: bool) -> dict[str, Any]:
    """What is no sum: bounds, throughput and wear."""
    found: dict[str, Any] = {}
    for key in ("bound", "throughput_bound"):
        if all(key in part for part in parts):
            cycles = sum(part[key]["cycles"] for part in parts)
            found[key] = {"cycles": cycles, "what": f"{len(parts)} device segments"}
    if all("throughput" in part for part in parts):
        rates = [part["throughput"] for part in parts]
        seconds = sum(1 / rate["images_per_s"] for rate in rates)
        found["throughput"] = {
            "images": rates[0]["images"],
            "cycles_per_image": sum(rate["cycles_per_image"] for rate in rates),
            "images_per_s": 1 / seconds,
        }
    if "batch" in parts[0]:
        found["batch"] = parts[0]["batch"]
    if all("programming" in part for part in parts):
        spent = [part["programming"] for part in parts]
        found["programming"] = _programming(spent, together)
    return found


def _programming(spent: Sequence[Metrics], together: bool) -> dict[str, Any]:
    """Sums; segments that take turns on the chip are taken to wear the same cell."""
    found: dict[str, Any] = _sum(spent)
    for key in ("times_until_worn", "images_until_worn"):
        if all(key in each for each in spent):
            times = [each[key] for each in spent]
            worn = sum(1 / count for count in times)
            found[key] = min(times) if together else int(1 / worn + 1e-6)
        else:
            found.pop(key, None)
    return found


def _layers(parts: Sequence[Metrics]) -> list[dict[str, Any]]:
    """The layers of all segments; each starts when the segments before are through."""
    rows: list[dict[str, Any]] = []
    before = 0
    for number, part in enumerate(parts):
        for row in part.get("layers", []):
            start = {"start": row["start"] + before} if "start" in row else {}
            rows.append({**row, **start, "segment": number})
        before += part.get("cycles", 0)
    return rows


def _area(values: Sequence[Metrics], together: bool) -> Metrics:
    """Areas in use; what is said of one core or bank is no sum."""
    if not together:
        return max(values, key=lambda value: value["total"])
    first = values[0]
    return {
        key: part if isinstance(part, Mapping) else sum(value[key] for value in values)
        for key, part in first.items()
    }


def _mean(values: Sequence[Metrics], weights: Sequence[float]) -> dict[str, float]:
    whole = sum(weights) or 1
    return {
        key: sum(v[key] * w for v, w in zip(values, weights, strict=True)) / whole
        for key in values[0]
    }


def _leaves(values: Sequence[Metrics], how: Any) -> dict[str, Any]:
    keys = dict.fromkeys(key for value in values for key in value)
    return {key: how(value.get(key, 0) for value in values) for key in keys}


def _sum(values: Sequence[Any]) -> Any:
    """Sums of numbers, lists one behind the other, entry by entry of mappings."""
    first = values[0]
    if isinstance(first, Mapping):
        maps = cast(Sequence[Metrics], values)
        keys = dict.fromkeys(key for value in maps for key in value)
        return {key: _sum([v[key] for v in maps if key in v]) for key in keys}
    if isinstance(first, list):
        return [item for value in values for item in value]
    return first if isinstance(first, str) else sum(values)


def _is_resource(value: object) -> bool:
    if not isinstance(value, Mapping):
        return False
    return set(cast(Metrics, value)) == {"used", "available"}
