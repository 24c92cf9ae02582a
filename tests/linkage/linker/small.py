"""Small tables and settings for the tests of the linker, trained once."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa

import linkage.comparison_library as cl
from linkage import Linker, SettingsCreator, block_on
from linkage.linker.settings import LinkSettings
from linkage.model import Model
from tests.linkage.people import people

__all__ = ["model", "rivals", "settings", "tables", "trained"]

N = 150


@cache
def tables() -> tuple[pa.Table, pa.Table]:
    """Two tables of 150 persons, 105 in both, who are named by `person`."""
    left, right, true = people(N)
    other = dict(true[:, ::-1].tolist())
    person = [str(other.get(row, f"r{row}")) for row in range(N)]
    return (
        left.append_column("person", pa.array(np.arange(N).astype(str))),
        right.append_column("person", pa.array(person)),
    )


def settings(**said: object) -> LinkSettings:
    """Settings of three comparisons and two rules, with whatever is said otherwise."""
    usual: dict[str, object] = {
        "link_type": "link_only",
        "comparisons": [
            cl.JaroWinklerAtThresholds("given", [0.9]),
            cl.ExactMatch("family").configure(term_frequency_adjustments=True),
            cl.ExactMatch("born"),
        ],
        "blocking_rules_to_generate_predictions": [block_on("family"), "l.born = r.born"],
        "unique_id_column_name": "id",
    }
    return SettingsCreator(**{**usual, **said})


@cache
def trained() -> Linker:
    """A linker of the two tables, trained as a Splink user trains it."""
    linker = Linker(list(tables()), settings())
    linker.training.estimate_probability_two_random_records_match([block_on("family", "born")], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e5)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("born"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("family"))
    return linker


@cache
def rivals() -> Linker:
    """The same model on tables in which twenty right records have a twin of another given name."""
    left, right = tables()
    twins = right.slice(0, 20)
    twins = twins.set_column(0, "id", pa.array([f"T{row}" for row in range(20)]))
    twins = twins.set_column(1, "given", pa.array([name[::-1] for name in twins["given"].to_pylist()]))
    return Linker([left, pa.concat_tables([right, twins])], settings(), model=model())


def model() -> Model:
    """Its model."""
    return trained().model
