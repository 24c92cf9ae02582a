"""The table of benches."""

from __future__ import annotations

from bench.accuracy import ACCURACY
from bench.cases import Bench
from bench.linkage import LINKAGE
from bench.query_graph import GRAPH
from bench.rdsr import RDSR
from bench.run_study import RUN

__all__ = ["BENCHES"]

BENCHES: dict[str, Bench] = {bench.name: bench for bench in (RUN, RDSR, GRAPH, LINKAGE, ACCURACY)}
