"""The columns that each delivered table can have, by role. Opens nothing."""

from __future__ import annotations

from collections.abc import Mapping

from linkage.records.cathlab import CATHLAB_ROLES
from linkage.records.claims import CLAIMS_ROLES
from linkage.records.section21 import SECTION21_ROLES
from provenance.dose.register import OPTIONAL

__all__ = ["ROLES_OF_TABLE"]

ROLES_OF_TABLE: Mapping[str, tuple[str, ...]] = {
    **{table: roles.all for table, roles in (*CLAIMS_ROLES.items(), *SECTION21_ROLES.items())},
    "cath_lab": CATHLAB_ROLES.all,
    "dose_register": ("kap", *OPTIONAL),
}
