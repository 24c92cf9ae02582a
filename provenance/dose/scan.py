"""
The content tree of a DICOM data set straight from its bytes, for speed. Pure.

A dose report is some thousand tiny elements in nested sequences, and a library that makes an object of each
takes a hundred times longer than the disk. This reads little-endian data sets, keeps the elements that content
items are made of, jumps over items that nobody asks for, and checks every length against the end of what holds
it. What it does not understand it refuses (`NotScannable`), and the caller reads the file with the library.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from struct import error as struct_error

__all__ = ["Element", "Node", "NotScannable", "scan"]

_TAG = Struct("<HH")
_SHORT = Struct("<H")
_LONG = Struct("<L")
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LONG_VR = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_SHORT_VR = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS",
     b"ST", b"TM", b"UI", b"UL", b"US"}
)  # fmt: skip
_CONTENT, _CONCEPT, _CODE_VALUE = 0x0040A730, 0x0040A043, 0x00080100
_SEQUENCES = frozenset({_CONTENT, _CONCEPT, 0x0040A168, 0x0040A300, 0x004008EA})
_LEAVES = frozenset({_CODE_VALUE, 0x00080102, 0x0040A30A, 0x0040A161, 0x0040A160, 0x0040A124, 0x0040A120})
_MAX_DEPTH = 60


class NotScannable(ValueError):
    """Bytes this scanner does not understand."""


class Element:
    """One element: bytes, or the nodes of a sequence."""

    __slots__ = ("value",)

    def __init__(self, value: bytes | list[Node]) -> None:
        self.value = value


class Node(dict[int, Element]):
    """Elements of a data set or item by tag."""

    __slots__ = ()

    def get_item(self, tag: int) -> Element | None:
        """The element with this tag."""
        return self.get(tag)


def scan(raw: bytes, start: int, *, explicit: bool, wanted: Callable[[str], bool]) -> Node:
    """
    The data set from `start` to the end of `raw`.

    Args:
        raw: The file.
        start: Where the data set begins, behind the file meta group.
        explicit: Whether elements tell their value representation.
        wanted: Whether content items of a concept (code value) are asked for; others become empty nodes.

    Raises:
        NotScannable: If a length leads beyond what holds it, or anything is not as the standard has it.
    """
    try:
        node, end = _Scanner(raw, explicit=explicit, wanted=wanted).data_set(start, len(raw), depth=0, is_open=False)
    except (struct_error, IndexError):
        raise NotScannable("a header goes beyond the end") from None
    if end != len(raw):
        raise NotScannable("something follows the data set")
    return node


class _Scanner:
    def __init__(self, raw: bytes, *, explicit: bool, wanted: Callable[[str], bool]) -> None:
        self._raw = raw
        self._explicit = explicit
        self._wanted = wanted

    def data_set(self, place: int, end: int, *, depth: int, is_open: bool) -> tuple[Node, int]:
        """Elements up to `end`, or with `is_open` up to the item's delimiter; and where they stop."""
        if depth > _MAX_DEPTH:
            raise NotScannable("nested deeper than any report")
        node = Node()
        while place < end:
            tag, is_sequence, length, place = self._header(place, end)
            if tag == _ITEM_END and is_open:
                return node, place
            if length == _UNDEFINED or (is_sequence and tag in _SEQUENCES):
                items, place = self._items(place, length, end, depth=depth)
                if tag in _SEQUENCES:
                    node[tag] = Element(items)
            else:
                if place + length > end:
                    raise NotScannable("an element goes beyond the end of what holds it")
                if tag in _LEAVES:
                    node[tag] = Element(self._raw[place : place + length])
                place += length
            if tag == _CONCEPT and depth and not is_open and not self._is_wanted(node):
                return Node(), end
        if is_open:
            raise NotScannable("an item without its end")
        return node, place

    def _header(self, place: int, end: int) -> tuple[int, bool, int, int]:
        """Tag, whether it can be a sequence, length, and where the value begins."""
        group, number = _TAG.unpack_from(self._raw, place)
        tag = group << 16 | number
        if group == 0xFFFE or not self._explicit:
            header = 8
            length, is_sequence = _LONG.unpack_from(self._raw, place + 4)[0], tag in _SEQUENCES
        else:
            kind = self._raw[place + 4 : place + 6]
            is_sequence = kind == b"SQ"
            if kind in _SHORT_VR:
                header, length = 8, _SHORT.unpack_from(self._raw, place + 6)[0]
            elif kind in _LONG_VR:
                header, length = 12, _LONG.unpack_from(self._raw, place + 8)[0]
                if length == _UNDEFINED and not is_sequence:
                    raise NotScannable("an undefined length of something that is no sequence")
            else:
                raise NotScannable("no value representation")
        if place + header > end:
            raise NotScannable("a header goes beyond the end of what holds it")
        return tag, is_sequence, length, place + header

    def _items(self, place: int, length: int, limit: int, *, depth: int) -> tuple[list[Node], int]:
        """Items of a sequence and where it ends."""
        is_open = length == _UNDEFINED
        end = limit if is_open else place + length
        if end > limit:
            raise NotScannable("a sequence goes beyond the end of what holds it")
        items: list[Node] = []
        while place < end:
            group, number = _TAG.unpack_from(self._raw, place)
            size = _LONG.unpack_from(self._raw, place + 4)[0]
            tag, place = group << 16 | number, place + 8
            if tag == _SEQUENCE_END and is_open:
                return items, place
            if tag != _ITEM or place > end or (size != _UNDEFINED and place + size > end):
                raise NotScannable("no item where one must be")
            stop = end if size == _UNDEFINED else place + size
            node, place = self.data_set(place, stop, depth=depth + 1, is_open=size == _UNDEFINED)
            items.append(node)
        if is_open:
            raise NotScannable("a sequence without its end")
        return items, place

    def _is_wanted(self, node: Node) -> bool:
        codes = node[_CONCEPT].value
        found = codes[0].get(_CODE_VALUE) if codes and isinstance(codes[0], Node) else None
        return found is not None and isinstance(found.value, bytes) and self._wanted(_text(found.value))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip("\0 ")
