"""A frozen model that is written as canonical JSON, digested, and read again with an error people understand. Pure."""

from __future__ import annotations

from typing import ClassVar, Self, cast

import rfc8785
from pydantic import BaseModel, ConfigDict, ValidationError

from graph_schema.errors import UserError
from graph_schema.ids import content_digest

__all__ = ["JsonDocument"]


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
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "the file"
            raise cls.wrong(f"{cls.spoken}, {place}: {first['msg']}") from None
