"""A frozen model that is written as canonical JSON, digested, and read again with an error people understand. Pure."""

from __future__ import annotations

from difflib import get_close_matches
from typing import ClassVar, Self, cast, get_args

import rfc8785
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from graph_schema.errors import UserError
from graph_schema.ids import content_digest

__all__ = ["JsonDocument", "first_fault"]


class JsonDocument(BaseModel):
    """
    What the trained models and the settings have in common.

    A class says by `spoken` what it is called in messages, and by `wrong` which error a bad document raises.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    spoken: ClassVar[str]
    wrong: ClassVar[type[UserError]]

    def canonical_json(self) -> bytes:
        """The document as RFC 8785 JSON: equal documents, equal bytes."""
        return cast("bytes", rfc8785.dumps(self.model_dump(mode="json")))

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON."""
        return content_digest(self.canonical_json())

    @classmethod
    def read(cls, raw: bytes | str) -> Self:
        """
        The document from its JSON.

        Raises:
            UserError: `wrong`, if it is none; the message names the first key that is wrong.
        """
        try:
            return cls.model_validate_json(raw)
        except ValidationError as error:
            raise cls.wrong(f"{cls.spoken}, {first_fault(error, cls)}") from None


def first_fault(error: ValidationError, model: type[BaseModel]) -> str:
    """
    The first fault of a document as `key: what was expected`, without the value that is wrong.

    Args:
        error: What pydantic found.
        model: What was to be read; its keys are named where one is unknown.
    """
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(map(str, first["loc"])) or "the file"
    kind, context = first["type"], first.get("ctx", {})
    if kind == "extra_forbidden":
        return f"{place}: no such key{_keys_instead(str(first['loc'][-1]), model, first['loc'][:-1])}"
    if kind == "missing":
        return f"{place}: expected this key, it is missing"
    if kind == "too_short":
        return f"{place}: expected at least {context.get('min_length', 1)}, got {context.get('actual_length', 0)}"
    return f"{place}: {first['msg'].removeprefix('Value error, ')}"


def _keys_instead(key: str, model: type[BaseModel], above: tuple[int | str, ...]) -> str:
    """The keys there are where an unknown one stands, the nearest first."""
    found = {model}
    for step in above:
        inner = {part for one in found if isinstance(step, str) for part in _models_of(one.model_fields.get(step))}
        tagged = {one for one in found if isinstance(step, str) and _tag_of(one) == step}
        found = inner or tagged or found
    keys = sorted({name for one in found for name in one.model_fields})
    if not keys:
        return ""
    near = get_close_matches(key, keys, n=1)
    meant = f"; {near[0]!r} was meant?" if near else ""
    return f"{meant}; expected one of {', '.join(keys)}"


def _models_of(field: FieldInfo | None) -> set[type[BaseModel]]:
    """The models that a field's annotation names, however deep."""
    found: set[type[BaseModel]] = set()
    left: list[object] = [field.annotation] if field is not None else []
    while left:
        part = left.pop()
        if isinstance(part, type) and issubclass(part, BaseModel):
            found.add(part)
        left += get_args(part)
    return found


def _tag_of(model: type[BaseModel]) -> object:
    """What tells a model from others in a union: its `kind`."""
    kind = model.model_fields.get("kind")
    return None if kind is None else kind.default
