"""
What is printed where doselink itself is at fault: a traceback that shows the program and never the data.

The message of a foreign exception may quote a value (`KeyError: '4711'`), so it is withheld unless asked for.
The same holds for what libraries warn of. Reads and sets environment variables when called.
"""

from __future__ import annotations

import logging
import os
import traceback
import warnings

from graph_schema.errors import DoselinkError

__all__ = ["SHOW_MESSAGES", "describe_defect", "quiet_libraries"]

SHOW_MESSAGES = "DOSELINK_SHOW_MESSAGES"


def quiet_libraries() -> None:
    """
    Keep warnings and log lines of libraries off the terminal, in this process and in those it starts.

    They quote what they stumble over: a DICOM reader the patient's number, a parser the broken line.
    """
    if os.environ.get(SHOW_MESSAGES) == "1":
        return
    warnings.simplefilter("ignore")
    os.environ["PYTHONWARNINGS"] = "ignore"
    logging.getLogger().addHandler(logging.NullHandler())


def describe_defect(error: BaseException) -> str:
    """
    The traceback of an unexpected error as text, causes first, ending with what to do.

    Messages are our own, or withheld; source lines are the program's. Set the environment variable
    `DOSELINK_SHOW_MESSAGES=1` where the data are made ones and the message would help.
    """
    shown = os.environ.get(SHOW_MESSAGES) == "1"
    parts = [_one(link, shown=shown) for link in _chain(error)]
    text = "\nwhich led to\n\n".join(parts)
    hint = "" if shown else f" The message is withheld, as it may quote the data; {SHOW_MESSAGES}=1 shows it."
    return f"{text}\ndoselink: this is a defect of doselink: please report the lines above.{hint}\n"


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in found:
        found.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return found[::-1]


def _one(error: BaseException, *, shown: bool) -> str:
    frames = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
    kind = type(error)
    message = f": {error}" if shown or isinstance(error, DoselinkError) else ""
    return f"{frames}{kind.__module__}.{kind.__qualname__}{message}\n"
