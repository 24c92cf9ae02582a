"""How good links are: from labels, from a labelled sample, and where nothing is known. Opens nothing."""

from linkage.evaluation.capture import BlockingLoss, blocking_loss
from linkage.evaluation.ceilings import Ceiling, ceiling
from linkage.evaluation.clerical import ClericalSample, SampledQuality, quality_from_sample
from linkage.evaluation.clusters import ClusterScores, NameRates, cluster_scores, name_rates
from linkage.evaluation.decoy_records import decoys
from linkage.evaluation.erring_keys import ErringCeiling, ceiling_with_errors
from linkage.evaluation.errors import ERROR_REASONS, prediction_errors
from linkage.evaluation.found import DecoyLinks, FoundPairs, Partners, found_pairs
from linkage.evaluation.grouping import BadGrouping, Grouping
from linkage.evaluation.histories import key_agreement
from linkage.evaluation.intervals import Share
from linkage.evaluation.labels import LabelScores, score_links
from linkage.evaluation.look_alikes import FileIdentifiability, identifiability
from linkage.evaluation.pairs import BadLabels, LabelledPairs, from_label_column, from_labels_table
from linkage.evaluation.quality import Quality, QualityEstimate, estimate_without_labels
from linkage.evaluation.thresholds import Accuracy, AccuracyAt, accuracy, accuracy_at, areas, threshold_table
from linkage.evaluation.unlinkables import Unlinkable, unlinkable, unlinkable_table

__all__ = [
    "ERROR_REASONS",
    "Accuracy",
    "AccuracyAt",
    "BadGrouping",
    "BadLabels",
    "BlockingLoss",
    "Ceiling",
    "ClericalSample",
    "ClusterScores",
    "DecoyLinks",
    "ErringCeiling",
    "FileIdentifiability",
    "FoundPairs",
    "Grouping",
    "LabelScores",
    "LabelledPairs",
    "NameRates",
    "Partners",
    "Quality",
    "QualityEstimate",
    "SampledQuality",
    "Share",
    "Unlinkable",
    "accuracy",
    "accuracy_at",
    "areas",
    "blocking_loss",
    "ceiling",
    "ceiling_with_errors",
    "cluster_scores",
    "decoys",
    "estimate_without_labels",
    "found_pairs",
    "from_label_column",
    "from_labels_table",
    "identifiability",
    "key_agreement",
    "name_rates",
    "prediction_errors",
    "quality_from_sample",
    "score_links",
    "threshold_table",
    "unlinkable",
    "unlinkable_table",
]
