"""What can be wrong with a request to a study. Opens nothing."""

from __future__ import annotations

from graph_schema.errors import ExitCode, UserError

__all__ = ["DefinitionWrong", "NotInStudy", "StudyMissing"]


class StudyMissing(UserError):
    """There is no study in this folder, or nothing has been committed to it."""

    exit_code = ExitCode.NOT_FOUND


class NotInStudy(UserError):
    """The person, link, dose or file asked for is not in the study's ledger."""

    exit_code = ExitCode.NOT_FOUND


class DefinitionWrong(UserError):
    """A cohort definition asks for something that cannot be."""

    exit_code = ExitCode.SETTINGS
