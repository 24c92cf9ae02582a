"""`linker.misc`: the model and its settings as files. Writes the file it is told to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from linkage.linker.result import free_path
from linkage.model import Model

if TYPE_CHECKING:
    from linkage.linker.linker import Linker

__all__ = ["Misc"]


class Misc:
    """What fits nowhere else."""

    def __init__(self, linker: Linker) -> None:
        self._linker = linker

    def save_model_to_json(
        self,
        out_path: str | Path | None = None,
        *,
        overwrite: bool = False,
        trained_by: str | None = None,
        trained_at: str | None = None,
    ) -> Model:
        """
        The model with what it was trained on: digests of tables and settings, versions, thresholds, by whom and when.

        Args:
            out_path: Where to write canonical JSON: equal inputs give equal bytes.
            overwrite: Whether a file that is there may be written over.
            trained_by: Who trained it.
            trained_at: When, ISO 8601 with time zone; passed in, so that equal runs can be equal.

        Raises:
            NotTrained: If something is missing.
            OutputExists: If the file is there and is not to be overwritten.
        """
        model = self._linker.model_with_facts(trained_by=trained_by, trained_at=trained_at)
        if out_path is not None:
            free_path(out_path, overwrite=overwrite).write_bytes(model.canonical_json() + b"\n")
        return model

    def save_model_to_splink_json(self, out_path: str | Path, *, overwrite: bool = False) -> None:
        """The model and settings as a Splink model JSON, as far as Splink has words for them."""
        from linkage.interchange.splink import to_splink_text

        text = to_splink_text(self._linker.settings, self._linker.model)
        free_path(out_path, overwrite=overwrite).write_text(text, encoding="utf-8")

    def save_settings_to_json(self, out_path: str | Path, *, overwrite: bool = False) -> None:
        """The settings as readable JSON."""
        text = self._linker.settings.model_dump_json(indent=1) + "\n"
        free_path(out_path, overwrite=overwrite).write_text(text, encoding="utf-8")
