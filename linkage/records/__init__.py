"""
Deliveries of persons, stays and examinations as standardised, keyed records.

`read_x` is `join_x` of `parse_x_file` over the files: the parse of a file depends on nothing but the file,
its declaration, the key and the day, so that it can be kept; the join is made anew.
"""

from linkage.records.cathlab import CathLabSource, join_cathlab, parse_cathlab_file, read_cathlab
from linkage.records.claims import ClaimsSource, join_claims, parse_claims_file, read_claims
from linkage.records.regions import NO_CROSSWALK, Crosswalk, read_crosswalk
from linkage.records.schema import FilePart, Records, TableCount
from linkage.records.section21 import Section21Source, join_section21, parse_section21_file, read_section21

__all__ = ["NO_CROSSWALK", "CathLabSource", "ClaimsSource", "Crosswalk", "FilePart", "Records",
           "Section21Source", "TableCount", "join_cathlab", "join_claims", "join_section21", "parse_cathlab_file",
           "parse_claims_file", "parse_section21_file", "read_cathlab", "read_claims", "read_crosswalk",
           "read_section21"]  # fmt: skip
