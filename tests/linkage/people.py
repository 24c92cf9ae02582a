"""Made persons for the tests of the engine: two tables with known errors and known pairs."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from graph_schema.chance import stream

__all__ = ["people", "with_relatives"]

_GIVEN = ["Anna", "Paul", "Jürgen", "Sabine", "Emil", "Käthe", "Lena", "Bernd", "Ayşe", "Tom", "Ida", "Uwe"]
_ENDS = ["mann", "er", "ke", "sen", "ner", "hard", "feld", "bach", "stein", "müller"]
_HEADS = ["Hof", "Berg", "Kauf", "Bau", "Lind", "Stein", "Neu", "Schön", "Wald", "Groß", "Jan", "Peter", "Fried", "Ost"]


def people(n: int, *, shared: float = 0.7, seed: int = 5) -> tuple[pa.Table, pa.Table, np.ndarray]:
    """
    Two tables of `n` persons of whom a share is in both.

    Returns:
        The left table, the right one with errors, and `(n_shared, 2)` rows of the true pairs.
    """
    draw = stream("made-people", seed=seed)
    n_shared = int(n * shared)
    total = 2 * n - n_shared
    given = np.array(_GIVEN)[draw.integers(0, len(_GIVEN), total)]
    heads, ends = draw.integers(0, len(_HEADS), total), draw.integers(0, len(_ENDS), total)
    family = np.array([_HEADS[a] + _ENDS[b] for a, b in zip(heads, ends, strict=True)])
    born = (np.datetime64("1990-01-01") + draw.integers(0, 9000, total)).astype(str)
    postcode = np.array([f"{code:05d}" for code in draw.integers(1000, 1400, total)])
    left = {"id": [f"A{i}" for i in range(n)], "given": given[:n], "family": family[:n], "born": born[:n]}
    order = draw.permutation(np.arange(total - n, total))
    right = {"id": [f"B{i}" for i in range(n)], "given": given[order], "family": family[order], "born": born[order]}
    for column, share in (("family", 0.06), ("given", 0.04), ("born", 0.03)):
        right[column] = [_wrong(str(v), draw) if draw.random() < share else str(v) for v in right[column]]
    left["postcode"], right["postcode"] = postcode[:n], postcode[order]
    true = [(int(person), row) for row, person in enumerate(order) if person < n]
    tables = [pa.table({name: pa.array([str(v) for v in values]) for name, values in t.items()}) for t in (left, right)]
    return tables[0], tables[1], np.array(true, dtype=np.int64)


def _wrong(text: str, draw: np.random.Generator) -> str:
    """Two neighbouring characters exchanged."""
    at = int(draw.integers(1, len(text) - 1))
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def with_relatives(left: pa.Table, right: pa.Table, *, share: float, seed: int = 6) -> pa.Table:
    """The right table with a brother or sister for a share of the left persons: same family name and postcode."""
    draw = stream("made-relatives", seed=seed)
    chosen = left.take(pa.array(np.flatnonzero(draw.random(left.num_rows) < share)))
    strangers = draw.permutation(right.num_rows)[: chosen.num_rows]
    born = right["born"].take(pa.array(strangers))
    given = pa.array([_GIVEN[(_GIVEN.index(name) + 1) % len(_GIVEN)] for name in chosen["given"].to_pylist()])
    ids = pa.array([f"R{i}" for i in range(chosen.num_rows)])
    columns = {"id": ids, "given": given, "family": chosen["family"], "born": born, "postcode": chosen["postcode"]}
    return pa.concat_tables([right, pa.table(columns)])
