"""The kernel: candidate pairs in, weighed pairs or pattern counts out; bounded memory, exact pruning."""

from linkage.kernel.contract import UNSETTLED, Comparable, Terms
from linkage.kernel.stream import count, stream
from linkage.kernel.weigh import term_bits, weight_bits

__all__ = ["UNSETTLED", "Comparable", "Terms", "count", "stream", "term_bits", "weight_bits"]
