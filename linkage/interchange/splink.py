"""
Settings and models of Splink 4 and 5: read into this engine's, and written for Splink. Opens nothing.

Conditions of known shape become levels of this engine; any other stays SQL, asked of distinct pairs of values. Two
things differ from Splink on DuckDB and are meant: texts are compared by characters and not by bytes, and an empty
text is a missing one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import ValidationError

from graph_schema.errors import UserError
from linkage.arrays import FloatArray
from linkage.blocking import BlockingRule, block_on
from linkage.columns import Expression
from linkage.comparison.comparison import Comparison
from linkage.comparison.levels import AnyLevel, ExactMatchLevel
from linkage.interchange.conditions import DIALECT, condition_sql
from linkage.interchange.recognise import recognise
from linkage.interchange.splink_document import (
    BadSplinkDocument,
    SplinkBlockingRule,
    SplinkComparison,
    SplinkDocument,
    SplinkLevel,
    as_distributions,
    default_u,
    parse_document,
)
from linkage.interchange.splink_levels import NoWords, condition_of, level_of
from linkage.interchange.splink_rules import rule_sql
from linkage.linker.settings import LinkSettings
from linkage.model import ComparisonModel, Model, ModelFacts
from linkage.model.sessions import default_m

__all__ = ["from_splink", "to_splink_text"]

_MOVED = 1e-9  # bits
_USUAL_EM = (0.0001, 25)  # what Splink writes when nobody said anything


def from_splink(given: Mapping[str, Any] | str | bytes) -> tuple[LinkSettings, Model | None]:
    """
    Read what Splink's `save_model_to_json` wrote, or its settings.

    Args:
        given: The JSON as text or as a dictionary.

    Returns:
        The settings, and the model where any level has an m or u. Levels that have none get the value Splink starts
        from, and `model.facts.warnings` names them.

    Raises:
        BadSplinkDocument: If it is no Splink JSON, or has a part that this engine has no counterpart for; the
            message names the comparison.
    """
    document = parse_document(given if isinstance(given, str | bytes) else json.dumps(given, default=str))
    comparisons = tuple(_comparison(part, document) for part in document.comparisons)
    em = (document.em_convergence, document.max_iterations)
    settings = LinkSettings(
        link_type=document.link_type,
        cardinality="many_to_many",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=tuple(
            _rule(rule, document) for rule in document.blocking_rules_to_generate_predictions
        ),
        unique_id_column_name=document.unique_id_column_name,
        source_dataset_column_name=document.source_dataset_column_name,
        probability_two_random_records_match=document.probability_two_random_records_match,
        additional_columns_to_retain=document.additional_columns_to_retain,
        retain_matching_columns=document.retain_matching_columns,
        retain_intermediate_calculation_columns=document.retain_intermediate_calculation_columns,
        rare_value_count=1,
        **({} if em == _USUAL_EM else {"em_convergence": em[0], "max_iterations": em[1]}),
    )
    return settings, _model(document, comparisons)


def _comparison(part: SplinkComparison, document: SplinkDocument) -> Comparison:
    name = part.output_column_name or "without a name"
    try:
        levels = tuple(_level(level, document.sql_dialect) for level in part.comparison_levels)
        name = part.output_column_name or _usual_name(levels)
        return Comparison(name=name, levels=levels, description=part.comparison_description)
    except ValidationError as error:
        said = error.errors(include_url=False, include_input=False)[0]["msg"].removeprefix("Value error, ")
        raise BadSplinkDocument(f"comparison {name!r}: {said}") from None
    except UserError as error:
        raise BadSplinkDocument(f"comparison {name!r}: {error}") from None


def _usual_name(levels: Sequence[AnyLevel]) -> str:
    """The name that Splink gives a comparison without one."""
    columns = list(dict.fromkeys(name for level in levels for part in level.expressions for name in part.columns))
    return columns[0] if len(columns) == 1 else f"custom_{'_'.join(columns)}"


def _level(level: SplinkLevel, dialect: str) -> AnyLevel:
    said: dict[str, Any] = {"label_for_charts": level.label_for_charts}
    if level.tf_adjustment_column is not None and not level.is_null_level and not level.is_else:
        said["tf_adjustment_column"] = _bare(level.tf_adjustment_column)
        said["tf_adjustment_weight"] = 1.0 if level.tf_adjustment_weight is None else level.tf_adjustment_weight
        said["tf_minimum_u_value"] = level.tf_minimum_u_value or 0.0
        said["disable_tf_exact_match_detection"] = level.disable_tf_exact_match_detection
    for letter, fixed in (("m", level.fix_m_probability), ("u", level.fix_u_probability)):
        value = getattr(level, f"{letter}_probability")
        if fixed and value is not None:
            said |= {f"fix_{letter}_probability": True, f"{letter}_probability": value}
    return level_of(recognise(level.sql_condition, dialect=dialect), is_null=level.is_null_level, **said)


def _bare(column: str) -> str:
    return column[1:-1] if len(column) > 2 and column[0] == column[-1] and column[0] in '"`' else column


def _rule(rule: SplinkBlockingRule, document: SplinkDocument) -> BlockingRule:
    if (rule.sql_dialect or document.sql_dialect) != DIALECT:
        raise BadSplinkDocument(f"blocking rule {rule.blocking_rule!r}: expected one in {DIALECT} SQL")
    return block_on(
        rule.blocking_rule, arrays_to_explode=rule.arrays_to_explode, salting_partitions=rule.salting_partitions
    )


def _model(document: SplinkDocument, comparisons: Sequence[Comparison]) -> Model | None:
    scored = [level for part in document.comparisons for level in part.scored]
    if all(level.m_probability is None and level.u_probability is None for level in scored):
        return None
    warnings: list[str] = []
    parts = []
    for part, own in zip(document.comparisons, comparisons, strict=True):
        m, u = _m_and_u(part, own, warnings)
        parts.append(ComparisonModel(name=own.name, level_names=own.level_names, m=tuple(m), u=tuple(u)))
    facts = ModelFacts(training=("read from a model of Splink",), warnings=tuple(warnings))
    return Model(comparisons=tuple(parts), prior=document.probability_two_random_records_match, facts=facts)


def _m_and_u(part: SplinkComparison, own: Comparison, warnings: list[str]) -> tuple[list[float], list[float]]:
    levels = part.scored
    given_m = [level.m_probability for level in levels]
    given_u = [level.u_probability for level in levels]
    m, u = _filled(given_m, default_m(len(levels))), _filled(given_u, default_u(len(levels)))
    missing = [letter for letter, given in (("m", given_m), ("u", given_u)) if None in given]
    if missing:
        told = f"{own.name}: {' and '.join(missing)} of some levels are not trained"
        warnings.append(f"{told}; the values from which Splink starts are taken")
    theirs = [level for level in reversed(own.levels) if not level.is_null]
    held = np.array([_is_replaced(level, theirs) for level in theirs])
    kept = as_distributions(m, u, held=held) or as_distributions(m, u)
    if kept is None:
        kept = m / m.sum(), u / u.sum()
    moved = np.abs(np.log2(kept[0] / kept[1]) - np.log2(m / u)).max()
    shifted = np.abs(np.log2(kept[1] / u)[held]).max(initial=0.0)
    if max(moved, shifted) > _MOVED:
        warnings.append(
            f"{own.name}: m and u do not sum to 1; made to, weights moved by up to {moved:.2g} bits, "
            f"those with term frequencies by up to {shifted:.2g}"
        )
    order = [next(place for place, other in enumerate(theirs) if other is level) for level in own.scored]
    return kept[0][order].tolist(), kept[1][order].tolist()


def _is_replaced(level: AnyLevel, among: Sequence[AnyLevel]) -> bool:
    """Whether term frequencies stand in place of the level's u."""
    if level.tf_adjustment_column is not None and level.disable_tf_exact_match_detection:
        return True
    adjusted = [part.tf_adjustment_column for part in among if not part.disable_tf_exact_match_detection]
    return isinstance(level, ExactMatchLevel) and level.column in adjusted


def _filled(given: Sequence[float | None], usual: FloatArray) -> FloatArray:
    return np.array([default if value is None else value for value, default in zip(given, usual, strict=True)])


def to_splink_text(settings: LinkSettings, model: Model | None = None) -> str:
    """
    Settings, and a model, as the JSON that Splink 5 loads.

    Args:
        settings: What is compared and which pairs.
        model: Its m, u and prior; without it Splink trains.

    Raises:
        BadSplinkDocument: If a level, a transform or a rule has no words in Splink, or comparisons depend on each
            other: Splink has no interactions, and without them the weights would be wrong.
    """
    if model is not None and model.groups:
        raise BadSplinkDocument("a model with dependent comparisons: Splink has no interactions; train one without")
    parts = {} if model is None else {part.name: part for part in model.comparisons}
    document: dict[str, Any] = {
        "link_type": settings.link_type.value,
        "unique_id_column_name": settings.unique_id_column_name or "unique_id",
        "source_dataset_column_name": settings.source_dataset_column_name,
        "retain_matching_columns": settings.retain_matching_columns,
        "retain_intermediate_calculation_columns": settings.retain_intermediate_calculation_columns,
        "additional_columns_to_retain": list(settings.additional_columns_to_retain),
        "sql_dialect": DIALECT,
        "comparisons": [_comparison_out(part, parts.get(part.name)) for part in settings.comparisons],
        "blocking_rules_to_generate_predictions": [
            _rule_out(rule) for rule in settings.blocking_rules_to_generate_predictions
        ],
    }
    prior = settings.probability_two_random_records_match if model is None else model.prior
    if prior is not None:
        document["probability_two_random_records_match"] = prior
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _comparison_out(part: Comparison, trained: ComparisonModel | None) -> dict[str, Any]:
    gammas = {id(level): gamma for gamma, level in enumerate(part.scored)}
    levels = []
    for level in part.levels:
        try:
            written = _level_out(level)
        except NoWords as error:
            raise BadSplinkDocument(f"comparison {part.name!r}, level {level.title!r}: {error}") from None
        if trained is not None and not level.is_null:
            gamma = gammas[id(level)]
            written |= {"m_probability": trained.m[gamma], "u_probability": trained.u[gamma]}
        levels.append(written)
    out = {"output_column_name": part.name, "comparison_levels": levels}
    return out if part.description is None else {**out, "comparison_description": part.description}


def _level_out(level: AnyLevel) -> dict[str, Any]:
    out: dict[str, Any] = {"sql_condition": condition_sql(condition_of(level))}
    out["label_for_charts"] = level.label_for_charts or level.title
    if level.is_null:
        return {**out, "is_null_level": True}
    for name in ("m_probability", "u_probability"):
        if getattr(level, name) is not None:
            out[name] = getattr(level, name)
    out |= {"fix_m_probability": level.fix_m_probability, "fix_u_probability": level.fix_u_probability}
    if level.tf_adjustment_column is not None:
        out["tf_adjustment_column"] = _plain(level.tf_adjustment_column)
        out["tf_adjustment_weight"] = level.tf_adjustment_weight
        out["tf_minimum_u_value"] = level.tf_minimum_u_value
        if level.disable_tf_exact_match_detection:
            out["disable_tf_exact_match_detection"] = True
    return out


def _plain(expression: Expression) -> str:
    if expression != Expression(column=expression.column or "?"):
        raise NoWords(f"term frequencies of {expression.text!r}: Splink has them of plain columns only")
    return str(expression.column)


def _rule_out(rule: BlockingRule) -> dict[str, Any]:
    out: dict[str, Any] = {"blocking_rule": rule_sql(rule), "sql_dialect": DIALECT}
    return {**out, "arrays_to_explode": list(rule.explode)} if rule.explode else out
