"""
Delivered text files: encoding, separator, headers, broken lines, typed columns, rejects.

Both `linkage` and `provenance` read such files. Reads files; writes none.
"""

from graph_schema.delivery.format import DeclaredFile, FileFacts, Reject, TextFormat, TextTable
from graph_schema.delivery.locate import SourceMissing, find_files
from graph_schema.delivery.table import read_text_table

__all__ = [
    "DeclaredFile",
    "FileFacts",
    "Reject",
    "SourceMissing",
    "TextFormat",
    "TextTable",
    "find_files",
    "read_text_table",
]
