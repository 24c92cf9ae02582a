"""
Interchange with the Python package recordlinkage: candidate links, feature frames, classifiers. Its only importer.

Candidate links are a pandas MultiIndex of labels of the two tables (here: row numbers); a feature frame has one
row a pair and one float column a comparison, NaN where a value is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import BoolArray, FloatArray, Int8Array, IntArray

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = [
    "BadFrame",
    "Classifier",
    "classify",
    "compare_values",
    "from_candidate_links",
    "from_features",
    "to_candidate_links",
    "to_features",
]

Classifier = Literal["ecm", "kmeans", "naive_bayes"]
LevelNames = Sequence[tuple[str, tuple[str, ...]]]


class BadFrame(UserError):
    """A frame is not what recordlinkage would have made for these tables."""

    exit_code = ExitCode.SETTINGS


def to_candidate_links(
    left: IntArray,
    right: IntArray,
    *,
    left_labels: Sequence[Hashable] | None = None,
    right_labels: Sequence[Hashable] | None = None,
) -> pd.MultiIndex:
    """
    Pairs of rows as recordlinkage's candidate links.

    Args:
        left: `(n_pairs,)` left rows.
        right: `(n_pairs,)` right rows.
        left_labels: Label of each left row, in order: the frame's index. None: the row numbers.
        right_labels: The same for the right table.
    """
    sides: list[Any] = [
        rows if labels is None else pd.Index(list(labels), dtype=object).take(rows)
        for rows, labels in ((left, left_labels), (right, right_labels))
    ]
    return pd.MultiIndex.from_arrays(sides, names=["left_row", "right_row"])


def from_candidate_links(
    links: pd.MultiIndex,
    *,
    left_labels: Sequence[Hashable] | None = None,
    right_labels: Sequence[Hashable] | None = None,
) -> tuple[IntArray, IntArray]:
    """
    recordlinkage's candidate links as pairs of rows.

    Args:
        links: Two levels of labels.
        left_labels: Label of each left row, in order; None where the labels are the row numbers.
        right_labels: The same for the right table.

    Returns:
        `(n_pairs,)` left rows and right rows.

    Raises:
        BadFrame: If there are not two levels, or a label is not that of a row.
    """
    if links.nlevels != 2:
        raise BadFrame(f"candidate links: expected an index of 2 levels, got {links.nlevels}")
    left, right = links.get_level_values(0), links.get_level_values(1)
    return _rows(left, left_labels, side="left"), _rows(right, right_labels, side="right")


def _rows(labels: pd.Index[Any], known: Sequence[Hashable] | None, *, side: str) -> IntArray:
    if known is None:
        return np.asarray(labels.to_numpy(), dtype=np.int64)
    index: Any = pd.Index(list(known), dtype=object)
    if not index.is_unique:
        raise BadFrame(f"candidate links: expected every {side} label once, some stand for several rows")
    rows = index.get_indexer(labels)
    if (rows < 0).any():
        raise BadFrame(f"candidate links: {int((rows < 0).sum())} {side} labels are those of no row")
    return np.asarray(rows, dtype=np.int64)


def to_features(left: IntArray, right: IntArray, gammas: Int8Array, *, comparisons: LevelNames) -> pd.DataFrame:
    """
    Levels as a feature frame: 0 for "else", 1 for the strongest level, evenly between; NaN for null.

    Args:
        left: `(n_pairs,)` left rows.
        right: `(n_pairs,)` right rows.
        gammas: `(n_pairs, n_comparisons)` levels.
        comparisons: (name, level names) of each column.
    """
    tops = np.array([len(levels) - 1 for _, levels in comparisons], dtype=np.float64)
    shown = np.where(gammas < 0, np.nan, gammas / tops)
    return pd.DataFrame(shown, index=to_candidate_links(left, right), columns=[name for name, _ in comparisons])


def from_features(features: pd.DataFrame, *, cuts: dict[str, tuple[float, ...]]) -> Int8Array:
    """
    A feature frame as levels: a value reaches the last of the ascending `cuts` that it is not below.

    Args:
        features: One row a pair, one column a comparison, NaN where a value is missing.
        cuts: Name of each comparison and where its levels from 1 on begin.

    Returns:
        `(n_pairs, n_comparisons)` levels in the order of `cuts`.

    Raises:
        BadFrame: If a column is missing.
    """
    missing = [name for name in cuts if name not in features.columns]
    if missing:
        raise BadFrame(f"feature frame: expected the columns {', '.join(missing)}")
    out = np.empty((len(features), len(cuts)), dtype=np.int8, order="F")
    for column, (name, limits) in enumerate(cuts.items()):
        found = features[name].to_numpy(dtype=np.float64)
        out[:, column] = np.where(np.isnan(found), -1, np.searchsorted(np.array(limits), found + 1e-12, side="right"))
    return out


def classify(gammas: Int8Array, *, method: Classifier, known_matches: BoolArray | None = None) -> BoolArray:
    """
    Run one of recordlinkage's classifiers on our levels: a second opinion, never a decision of its own.

    A pair agrees in a comparison from the strongest level on (ecm, naive_bayes); a null is no agreement there,
    as recordlinkage has no missing values.

    Args:
        gammas: `(n_pairs, n_comparisons)` levels.
        method: ecm and kmeans learn without truth, naive_bayes from `known_matches`.
        known_matches: `(n_pairs,)` truth to learn from.

    Returns:
        `(n_pairs,)` whether the classifier calls the pair a match.
    """
    import recordlinkage as rl

    tops = np.maximum(gammas.max(axis=0), 1)
    index = to_candidate_links(np.arange(len(gammas)), np.arange(len(gammas)))
    names = [f"c{column}" for column in range(gammas.shape[1])]
    graded = pd.DataFrame(np.maximum(gammas, 0) / tops, index=index, columns=names)
    agrees = (graded >= 1.0).astype(np.int64)
    if method == "naive_bayes":
        if known_matches is None:
            raise BadFrame("naive_bayes: expected known_matches to learn from")
        found = rl.NaiveBayesClassifier(binarize=None).fit_predict(agrees, index[known_matches])
    elif method == "ecm":
        found = rl.ECMClassifier(binarize=None).fit_predict(agrees)
    else:
        found = rl.KMeansClassifier().fit_predict(graded)
    return np.asarray(index.isin(found), dtype=bool)


def compare_values(
    left: Sequence[object], right: Sequence[object], *, method: Literal["exact", "jarowinkler", "levenshtein"]
) -> FloatArray:
    """
    recordlinkage's own value for pairs of values, to hold ours against.

    Args:
        left: `(n_pairs,)` left values.
        right: `(n_pairs,)` right values.
        method: Its method.

    Returns:
        `(n_pairs,)` similarities between 0 and 1.
    """
    import recordlinkage as rl

    one, two = pd.DataFrame({"value": list(left)}), pd.DataFrame({"value": list(right)})
    compare = rl.Compare()
    if method == "exact":
        compare.exact("value", "value", label="value")
    else:
        compare.string("value", "value", method=method, label="value")
    rows = np.arange(len(one), dtype=np.int64)
    found = compare.compute(to_candidate_links(rows, rows), one, two)["value"]
    return np.asarray(found.to_numpy(), dtype=np.float64)
