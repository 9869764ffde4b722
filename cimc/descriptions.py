"""Descriptions that users write: YAML files that are read into pydantic models."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar, cast, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from cimc.diagnostics import InputError

__all__ = [
    "Description",
    "DescriptionFiles",
    "Kind",
    "Named",
    "parsed",
    "read_text",
    "validated",
]


class Description(BaseModel):
    """A part of a description: no unknown fields, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Named(Description, ABC):
    """A whole description: it has a name, and can be written."""

    name: str = Field(min_length=1)
    description: str

    def to_yaml(self) -> str:
        """The whole description with its provenance."""
        return yaml.safe_dump(
            self.model_dump(), sort_keys=False, allow_unicode=True, width=88
        )


class Kind(NamedTuple):
    """What a description is of, such as "chip description", and the code of errors."""

    name: str
    code: str

    @property
    def short(self) -> str:
        """What one of them is called, such as "chip"."""
        return self.name.removesuffix(" description")


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
            kind.code,
            f"cannot be read: {error}",
            where=str(path),
            hints=("check the path",),
        ) from error


def parsed(text: str, kind: Kind, where: str) -> dict[str, Any]:
    """The mapping in a YAML text.

    Raises:
        InputError: it is none (the code of ``kind``).
    """
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(
            kind.code,
            f"is not YAML: {error}",
            where=where,
            hints=("check indentation and quotes there",),
        ) from error
    if not isinstance(data, dict):
        raise InputError(
            kind.code,
            f"a {kind.name} is a mapping",
            where=where,
            hints=("write lines of the form name: value",),
        )
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


N = TypeVar("N", bound=Named)


class DescriptionFiles(Generic[N]):
    """Descriptions of a kind: presets in a ``folder`` of a package, and YAML files."""

    def __init__(self, package: str, folder: str, model: type[N], kind: Kind) -> None:
        self._presets: Any = files(package) / folder
        self._model = model
        self._kind = kind

    def names(self) -> list[str]:
        """Names of the presets."""
        return sorted(
            path.name.removesuffix(".yaml")
            for path in self._presets.iterdir()
            if path.name.endswith(".yaml")
        )

    def load(self, source: str) -> N:
        """The preset of that name, or the description in that YAML file.

        A description may start from a preset with ``extends: NAME`` and give only
        what differs.

        Raises:
            InputError: there is none, or it is unfit (the code of the kind).
        """
        if source in self.names():
            return self.validated(self._read(self._preset(source), source), source)
        path = Path(source)
        if path.suffix not in (".yaml", ".yml"):
            raise InputError(
                self._kind.code,
                f"unknown {self._kind.short} {source!r}",
                hints=(
                    f"one of: {', '.join(self.names())}",
                    "or the path of a .yaml file",
                ),
            )
        return self.validated(self._read(read_text(path, self._kind), source), source)

    def validated(self, values: Mapping[str, Any], where: str) -> N:
        """What ``values`` describe.

        Raises:
            InputError: a field is missing, unknown or out of bounds (the code of the
                kind).
        """
        return validated(self._model, values, self._kind, where)

    def _preset(self, name: str) -> str:
        return (self._presets / f"{name}.yaml").read_text()

    def _read(self, text: str, where: str) -> dict[str, Any]:
        """The mapping in a YAML text, on top of the preset that it extends."""
        values = parsed(text, self._kind, where)
        parent = values.pop("extends", None)
        if parent is None:
            return values
        if parent not in self.names() or parent == where:
            raise InputError(
                self._kind.code,
                f"extends must name a preset, not {parent!r}",
                where=where,
                hints=(f"one of: {', '.join(self.names())}",),
            )
        return _merged(self._read(self._preset(str(parent)), str(parent)), values)


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes``, mappings merged key by key."""
    result = dict(base)
    for key, value in changes.items():
        old = result.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        result[key] = _merged(cast(Any, old), cast(Any, value)) if both else value
    return result


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
