"""Stay and person linkage without names: claims stays with hospital cases, pseudonyms with patients."""

from linkage.stays.block import TooManyPairs
from linkage.stays.link import StayLinkage, link_stays
from linkage.stays.model import StayModel
from linkage.stays.settings import StaySettings
from linkage.stays.train import NotLinkable

__all__ = ["NotLinkable", "StayLinkage", "StayModel", "StaySettings", "TooManyPairs", "link_stays"]
