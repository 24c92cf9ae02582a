"""
Two tables of the same people with errors in them, made from a seed; a million rows take seconds.

`python -m bench.linkage_people FOLDER --left N --right M --overlap SHARE` writes left.parquet, right.parquet and
truth.parquet (left_row, right_row). Nothing here is anybody's: names are common ones, everything else is drawn.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench.linkage_names import name_list, zipf_mandelbrot
from graph_schema.chance import stream

__all__ = ["People", "make_people", "write_people"]

Ints = NDArray[np.integer[Any]]
N_SURNAMES, N_GIVEN, N_POSTCODES, N_HOSPITALS, N_CODES, MOST_CODES = 60_000, 2_500, 8_170, 200, 400, 5
FIRST_BIRTH, N_BIRTH_DAYS = np.datetime64("1990-01-01"), 31 * 365 + 8
N_ADMISSION_DAYS = 6 * 365
_WIDTH = 40  # letters of the longest name with its second name, and more
_MISSING = -1
_ROWS_AT_ONCE = 5_000_000


@dataclass(slots=True)
class People:
    """
    Records as arrays, `(n,)` each unless said; -1 = missing.

    Attributes:
        sex: 0 or 1.
        given, surname: Place in the name lists, girls before boys.
        second: Second given name that is glued to the first, a place in the given names.
        born, admitted: Days since 1990-01-01.
        postcode, hospital: Numbers.
        codes: `(n, 5)` procedure codes.
    """

    sex: Ints
    given: Ints
    surname: Ints
    second: Ints
    born: Ints
    postcode: Ints
    admitted: Ints
    hospital: Ints
    codes: Ints

    def take(self, rows: Ints) -> People:
        """Some of them."""
        return People(*(getattr(self, name)[rows] for name in self.__slots__))


def write_people(folder: Path, *, n_left: int, n_right: int, overlap: float, seed: int) -> None:
    """
    Write left.parquet, right.parquet and truth.parquet.

    Args:
        folder: Made where it is missing.
        n_left: Rows of the left table.
        n_right: Rows of the right table.
        overlap: Share of the smaller table's people who are also in the other.
        seed: Of everything.
    """
    folder.mkdir(parents=True, exist_ok=True)
    n_both = round(overlap * min(n_left, n_right))
    everyone = make_people(n_left + n_right - n_both, seed=seed)
    draw = stream("bench-linkage-order", seed=seed)
    left_of = draw.permutation(n_left)
    right_of = draw.permutation(np.concatenate([np.arange(n_both), np.arange(n_left, n_left + n_right - n_both)]))
    _write(folder / "left.parquet", everyone, left_of, rate=0.35, draw=stream("bench-linkage-errors-left", seed=seed))
    _write(folder / "right.parquet", everyone, right_of, rate=1.0, draw=stream("bench-linkage-errors-right", seed=seed))
    place = np.empty(n_left + n_right - n_both, dtype=np.int64)
    place[left_of] = np.arange(n_left)
    there = np.flatnonzero(right_of < n_both)
    truth = pa.table({"left_row": place[right_of[there]], "right_row": there})
    pq.write_table(truth, folder / "truth.parquet")


def make_people(n: int, *, seed: int) -> People:
    """`n` people without errors."""
    draw = stream("bench-linkage-people", seed=seed)
    region_weight = draw.gamma(0.8, size=N_POSTCODES)
    postcode = _drawn(draw, region_weight / region_weight.sum(), n)
    sex = draw.integers(0, 2, n, dtype=np.int32)
    given = _drawn(draw, zipf_mandelbrot(N_GIVEN, offset=8, power=1.05), n) + N_GIVEN * sex
    near = np.rint(draw.normal(0, 1.2, n)).astype(np.int32)
    hospital = (postcode * np.int64(N_HOSPITALS) // N_POSTCODES + near) % N_HOSPITALS
    born = draw.integers(0, N_BIRTH_DAYS, n, dtype=np.int32)
    return People(
        sex=sex,
        given=given,
        surname=_drawn(draw, zipf_mandelbrot(N_SURNAMES, offset=15, power=1.0), n),
        second=np.full(n, _MISSING, dtype=np.int32),
        born=born,
        postcode=postcode,
        admitted=draw.integers(N_BIRTH_DAYS - N_ADMISSION_DAYS, N_BIRTH_DAYS, n, dtype=np.int32),
        hospital=hospital.astype(np.int32),
        codes=_drawn_codes(draw, n),
    )


def _drawn(draw: np.random.Generator, shares: NDArray[np.float64], n: int) -> Ints:
    return np.minimum(np.searchsorted(np.cumsum(shares), draw.random(n)), len(shares) - 1).astype(np.int32)


def _drawn_codes(draw: np.random.Generator, n: int) -> Ints:
    """`(n, 5)` one to five codes each, most of them common ones."""
    codes = _drawn(draw, zipf_mandelbrot(N_CODES, offset=5, power=1.0), n * MOST_CODES).reshape(n, MOST_CODES)
    n_codes = draw.integers(1, MOST_CODES + 1, n)
    codes[np.arange(MOST_CODES) >= n_codes[:, None]] = _MISSING
    return codes.astype(np.int16)


def _write(path: Path, everyone: People, order: Ints, *, rate: float, draw: np.random.Generator) -> None:
    """Some people, in this order and with errors, a few million at once."""
    writer = None
    for start in range(0, len(order), _ROWS_AT_ONCE):
        people = everyone.take(order[start : start + _ROWS_AT_ONCE])
        table = _with_errors(people, first_id=start, rate=rate, draw=draw)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def _with_errors(people: People, *, first_id: int, rate: float, draw: np.random.Generator) -> pa.Table:
    n = len(people.sex)

    def hit(share: float) -> NDArray[np.bool_]:
        return draw.random(n) < share * rate

    glued = hit(0.02)
    people.second = np.where(glued, _drawn(draw, zipf_mandelbrot(N_GIVEN, offset=8, power=1.05), n), _MISSING)
    changed = hit(0.03)
    people.surname = np.where(changed, draw.integers(0, N_SURNAMES, n), people.surname)
    names = _names(people, given_typo=hit(0.04), surname_typo=hit(0.045), draw=draw)
    born = _dates_with_errors(people.born, swapped=hit(0.012), typo=hit(0.015), draw=draw)
    people.postcode = np.where(hit(0.08), draw.integers(0, N_POSTCODES, n), people.postcode)
    admitted = people.admitted + np.where(hit(0.05), draw.choice([-1, 1], n), 0)
    admitted += np.where(hit(0.03), draw.integers(-10, 11, n), 0) + np.where(hit(0.02), draw.integers(-400, 400, n), 0)
    people.hospital = np.where(hit(0.03), draw.integers(0, N_HOSPITALS, n), people.hospital)
    people.sex = np.where(hit(0.004), 1 - people.sex, people.sex)
    _codes_with_errors(people.codes, rate=rate, draw=draw)
    return pa.table(
        {
            "unique_id": pa.array(first_id + np.arange(n), pa.int32()),
            "given": _nulled(names[0], hit(0.01)),
            "surname": _nulled(names[1], hit(0.004)),
            "sex": pa.DictionaryArray.from_arrays(pa.array(people.sex, pa.int32()), ["female", "male"]).cast(
                pa.string()
            ),
            "born": _nulled(_days(born), hit(0.006)),
            "postcode": _nulled(_postcodes(people.postcode, typo=hit(0.01), draw=draw), hit(0.02)),
            "admitted": _nulled(_days(admitted), hit(0.03)),
            "hospital": pa.array(people.hospital, pa.int32()),
            "codes": _lists(people.codes),
        }
    )


def _names(
    people: People, *, given_typo: NDArray[np.bool_], surname_typo: NDArray[np.bool_], draw: np.random.Generator
) -> tuple[pa.Array, pa.Array]:
    given = name_list("girl", N_GIVEN) + name_list("boy", N_GIVEN)
    glued = np.flatnonzero(people.second >= 0)
    extra = [given[one] + given[two] for one, two in zip(people.given[glued], people.second[glued], strict=True)]
    places = people.given.copy()
    places[glued] = len(given) + np.arange(len(glued))
    return (
        _with_typos(given + extra, places, given_typo, draw),
        _with_typos(name_list("surname", N_SURNAMES), people.surname, surname_typo, draw),
    )


def _with_typos(names: list[str], places: Ints, typo: NDArray[np.bool_], draw: np.random.Generator) -> pa.Array:
    rows = np.flatnonzero(typo)
    letters = np.array(names, dtype=f"S{_WIDTH}").view(np.uint8).reshape(len(names), _WIDTH)
    wrong = _one_edit(letters[places[rows]], draw)
    out = places.copy()
    out[rows] = len(names) + np.arange(len(rows))
    values = pa.concat_arrays([pa.array(names), pa.array(wrong.view(f"S{_WIDTH}").ravel().astype(f"U{_WIDTH}"))])
    return values.take(pa.array(out))


def _one_edit(letters: NDArray[np.uint8], draw: np.random.Generator) -> NDArray[np.uint8]:
    """A letter replaced, left out, put in or exchanged with the next: `(n, width)` ASCII, zeros behind the end."""
    n, width = letters.shape
    length = (letters > 0).sum(axis=1)
    place = (draw.random(n) * length).astype(np.int64)
    kind, letter = draw.integers(0, 4, n), draw.integers(ord("a"), ord("z") + 1, n).astype(np.uint8)
    source = np.broadcast_to(np.arange(width), (n, width)).copy()
    at = np.arange(width) == place[:, None]
    source += ((kind == 1) & (length > 2))[:, None] & (np.arange(width) >= place[:, None])
    source -= (kind == 2)[:, None] & (np.arange(width) > place[:, None])
    turn = ((kind == 3) & (place + 1 < length))[:, None]
    source += turn & at
    source -= turn & (np.arange(width) == place[:, None] + 1)
    out = np.take_along_axis(letters, np.clip(source, 0, width - 1), axis=1)
    return np.where(((kind == 0) | (kind == 2))[:, None] & at, letter[:, None], out)


def _dates_with_errors(
    days: Ints, *, swapped: NDArray[np.bool_], typo: NDArray[np.bool_], draw: np.random.Generator
) -> Ints:
    """Day and month exchanged where that is a date, or a digit of the year, the month or the day wrong."""
    dates = FIRST_BIRTH + days
    month_start = dates.astype("M8[M]")
    month, day = month_start.astype(np.int64) % 12, (dates - month_start).astype(np.int64)
    year_start = dates.astype("M8[Y]")
    turned = (year_start.astype("M8[M]") + day).astype("M8[D]") + month
    out = np.where(swapped & (day < 12), turned, dates)
    step = draw.choice([1, 10, 31, 365, 366, 3652], len(days)) * draw.choice([-1, 1], len(days))
    out = np.where(typo, out + step, out)
    return np.asarray((out - FIRST_BIRTH).astype(np.int64))


def _days(days: Ints) -> pa.Array:
    return pa.array((FIRST_BIRTH + days).astype("M8[D]"))


def _postcodes(numbers: Ints, *, typo: NDArray[np.bool_], draw: np.random.Generator) -> pa.Array:
    """Five digits, neighbours alike in the first ones; a typo changes one digit."""
    codes = 1_000 + numbers.astype(np.int64) * 12
    place = 10 ** draw.integers(0, 5, len(codes))
    digit = codes // place % 10
    codes = np.where(typo, codes + ((digit + draw.integers(1, 10, len(codes))) % 10 - digit) * place, codes)
    distinct, where = np.unique(codes, return_inverse=True)
    return pa.array([f"{code:05}" for code in distinct.tolist()]).take(pa.array(where))


def _codes_with_errors(codes: Ints, *, rate: float, draw: np.random.Generator) -> None:
    """A code is left out or another one is noted; the first stays, so that nobody is without."""
    there = codes >= 0
    there[:, 0] = False
    codes[there & (draw.random(codes.shape) < 0.1 * rate)] = _MISSING
    other = (codes >= 0) & (draw.random(codes.shape) < 0.05 * rate)
    codes[other] = draw.integers(0, N_CODES, int(other.sum()))


def _lists(codes: Ints) -> pa.Array:
    """Each record's distinct codes as a list of texts."""
    ordered = np.sort(codes, axis=1)
    kept = ordered >= 0
    kept[:, 1:] &= ordered[:, 1:] != ordered[:, :-1]
    texts = pa.array([f"{5 + code // 100}-{code % 100 + 100}" for code in range(N_CODES)])
    offsets = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), texts.take(pa.array(ordered[kept])))


def _nulled(values: pa.Array, missing: NDArray[np.bool_]) -> pa.Array:
    return pc.if_else(pa.array(missing), pa.scalar(None, values.type), values)


def main(arguments: list[str] | None = None) -> None:
    """Write them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--left", type=int, required=True)
    parser.add_argument("--right", type=int, required=True)
    parser.add_argument("--overlap", type=float, default=0.7)
    parser.add_argument("--seed", type=int, default=20_261_124)
    told = parser.parse_args(arguments)
    write_people(told.folder, n_left=told.left, n_right=told.right, overlap=told.overlap, seed=told.seed)


if __name__ == "__main__":
    main()
