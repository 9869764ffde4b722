"""Descriptions that users write: YAML files that are read into pydantic models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from cimc.diagnostics import InputError

__all__ = ["Description", "Kind", "parsed", "read_text", "validated"]


class Description(BaseModel):
    """A part of a description: no unknown fields, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Kind(NamedTuple):
    """What a description is of, such as "chip description", and the code of errors."""

    name: str
    code: str


M = TypeVar("M", bound=BaseModel)


def read_text(path: Path, kind: Kind) -> str:
    """The text of a file.

    Raises:
        InputError: it cannot be read (the code of ``kind``).
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            kind.code, f"cannot be read: {error}", where=str(path)
        ) from error


def parsed(text: str, kind: Kind, where: str) -> dict[str, Any]:
    """The mapping in a YAML text.

    Raises:
        InputError: it is none (the code of ``kind``).
    """
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(kind.code, f"is not YAML: {error}", where=where) from error
    if not isinstance(data, dict):
        raise InputError(kind.code, f"a {kind.name} is a mapping", where=where)
    return cast("dict[str, Any]", data)


def validated(model: type[M], values: Mapping[str, Any], kind: Kind, where: str) -> M:
    """What ``values`` describe.

    Raises:
        InputError: a field is missing, unknown or out of bounds (the code of ``kind``).
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = tuple(
            _problem(model, item) for item in error.errors(include_url=False)
        )
        raise InputError(
            kind.code,
            f"the {kind.name} has {len(problems)} unfit field(s)",
            where=where,
            notes=problems,
        ) from error


def _problem(model: type[BaseModel], item: ErrorDetails) -> str:
    """One field at fault, and why."""
    place = ".".join(map(str, item["loc"]))
    match item["type"]:
        case "extra_forbidden":
            close = get_close_matches(str(item["loc"][-1]), _field_names(model), 1)
            return f"{place}: there is no such field" + (
                f", did you mean {close[0]}?" if close else ""
            )
        case "model_type" | "model_attributes_type":
            return f"{place}: give a mapping {{{_fields_at(model, item['loc'])}}}"
        case _:
            return f"{place}: {item['msg'].removeprefix('Value error, ')}"


def _field_names(model: type[BaseModel]) -> Iterator[str]:
    """Names of all fields of a description and its parts."""
    for name, field in model.model_fields.items():
        yield name
        for inner in _models(field.annotation):
            yield from _field_names(inner)


def _fields_at(model: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """The fields of the part of a description at that place."""
    found = model
    for name in place:
        field = found.model_fields.get(str(name))
        inner = list(_models(field.annotation)) if field is not None else []
        found = inner[0] if inner else found
    return ", ".join(found.model_fields)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """The models in the type of a field, such as those in a mapping of them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
