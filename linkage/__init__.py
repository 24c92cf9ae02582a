"""
The linkage engine: links any tables, and stands alone.

    from linkage import Linker, SettingsCreator, block_on
    import linkage.comparison_library as cl
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linkage.blocking.rules import block_on
    from linkage.linker.linker import Linker
    from linkage.linker.settings import LinkSettings

    SettingsCreator = LinkSettings

__all__ = ["LinkSettings", "Linker", "SettingsCreator", "block_on"]

_HOMES = {
    "LinkSettings": ("linkage.linker.settings", "LinkSettings"),
    "Linker": ("linkage.linker.linker", "Linker"),
    "SettingsCreator": ("linkage.linker.settings", "LinkSettings"),
    "block_on": ("linkage.blocking.rules", "block_on"),
}


def __getattr__(name: str) -> Any:
    """Public names are imported when they are asked for: a command that links nothing does not wait for them."""
    if name not in _HOMES:
        raise AttributeError(f"module 'linkage' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)
