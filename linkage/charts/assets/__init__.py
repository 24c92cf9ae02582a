"""Style sheets, markup and scripts of the viewers, as files of this package."""

from functools import cache
from importlib.resources import files

__all__ = ["asset"]


@cache
def asset(name: str) -> str:
    """The text of one file."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
