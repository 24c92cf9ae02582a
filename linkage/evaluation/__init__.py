"""How good links are, where the truth or a labelled sample is known."""

from linkage.evaluation.labels import LabelScores, score_links, scores_by_threshold

__all__ = ["LabelScores", "score_links", "scores_by_threshold"]
