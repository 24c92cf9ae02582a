"""`linker.inference`, beside recordlinkage: its candidate links in, ours and feature frames out. Opens nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkage.arrays import IntArray

if TYPE_CHECKING:
    import pandas as pd

    from linkage.linker.linker import Linker
    from linkage.linker.predictions import Predictions

__all__ = ["candidate_rows", "candidates_out", "features_out"]


def candidate_rows(linker: Linker, links: pd.MultiIndex) -> tuple[IntArray, IntArray]:
    """
    Rows of recordlinkage's candidate links.

    Labels are the records' unique ids; without an id column they are row numbers from 0, as in a frame's own index.
    Pairs within one table come as recordlinkage has them, in either order.

    Raises:
        BadFrame: If there are not two levels, or a label is not that of a record.
    """
    import pandas as pd

    from linkage.interchange.recordlinkage import BadFrame, from_candidate_links

    labels = _labels(linker)
    if links.nlevels != 2:
        raise BadFrame(f"candidate links: expected an index of 2 levels, got {links.nlevels}")
    told = pd.MultiIndex.from_arrays([links.get_level_values(side).astype(str) for side in (0, 1)])
    left, right = from_candidate_links(told, left_labels=labels[0], right_labels=labels[1])
    if not linker.engine.within:
        return left, right
    return linker.engine.rows(left, right)


def candidates_out(linker: Linker, predictions: Predictions) -> pd.MultiIndex:
    """Predicted pairs as recordlinkage's candidate links, labelled as `candidate_rows` reads them."""
    from linkage.interchange.recordlinkage import to_candidate_links

    left, right = predictions.pairs.left, predictions.pairs.right
    if linker.inputs.id_column is None:
        return to_candidate_links(left, right)
    labels = _labels(linker)
    return to_candidate_links(left, right, left_labels=labels[0], right_labels=labels[1])


def features_out(linker: Linker, predictions: Predictions) -> pd.DataFrame:
    """Levels of predicted pairs as recordlinkage's feature frame: 0 else, 1 strongest, NaN null."""
    from linkage.interchange.recordlinkage import to_features

    pairs = predictions.pairs
    frame = to_features(pairs.left, pairs.right, pairs.gammas, comparisons=linker.engine.named)
    return frame.set_axis(candidates_out(linker, predictions), axis=0)


def _labels(linker: Linker) -> tuple[list[str], list[str]]:
    n_left, n_right = linker.engine.n_rows
    if linker.inputs.id_column is None:
        return [str(row) for row in range(n_left)], [str(row) for row in range(n_right)]
    ids: list[str] = linker.inputs.ids.to_pylist()
    return ids[:n_left], ids if linker.engine.within else ids[n_left:]
