"""Every result of evaluation is frozen, closed, and says what each of its fields means."""

import importlib
import pkgutil

import pytest
from pydantic import BaseModel

import linkage.evaluation


def results() -> list[type[BaseModel]]:
    found = {}
    for module in pkgutil.iter_modules(linkage.evaluation.__path__):
        held = importlib.import_module(f"linkage.evaluation.{module.name}")
        found |= {
            value.__qualname__: value
            for value in vars(held).values()
            if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__ == held.__name__
        }
    return [found[name] for name in sorted(found) if found[name].__module__ != "linkage.evaluation.unlabelled"]


@pytest.mark.parametrize("result", results(), ids=lambda result: result.__name__)
def test_a_result_is_frozen_closed_and_described(result: type[BaseModel]) -> None:
    assert result.model_config.get("frozen")
    assert result.model_config.get("extra") == "forbid"
    assert result.__doc__
    assert [name for name, field in result.model_fields.items() if not field.description] == []


def test_public_names_are_sorted_and_there() -> None:
    assert all(hasattr(linkage.evaluation, name) for name in linkage.evaluation.__all__)
    names = linkage.evaluation.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
