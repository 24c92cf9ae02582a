"""Linkage of dose events with examinations and hospital stays."""

from linkage.doses.block import TooManyDosePairs
from linkage.doses.link import DoseLinkage, link_doses
from linkage.doses.model import DoseModel
from linkage.doses.settings import DoseLinkSettings

__all__ = ["DoseLinkSettings", "DoseLinkage", "DoseModel", "TooManyDosePairs", "link_doses"]
