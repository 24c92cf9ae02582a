"""Linkages of made persons with known truth, linked by the engine's own EM and assignment."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from graph_schema.chance import stream
from linkage.decision.assign import one_to_one
from linkage.model import EMSettings, count_patterns, fit
from linkage.model.weights import pair_bits, posterior, prior_bits

FIELDS = ("given", "family", "year", "month", "day", "postcode")
LEVELS = ("else", "exact")
RULES = ((0, 1), (2, 3, 4), (1, 5))  # columns of FIELDS
_FLOOR = 0.001


@dataclass(frozen=True)
class World:
    """What is known of a made world; `seed` makes it."""

    n: int = 3000
    shared: float = 0.7
    errors: tuple[float, ...] = (0.06, 0.05, 0.02, 0.03, 0.03, 0.1)
    families: float = 0.0  # share of the right records that are brothers or sisters of a left person
    dirty: float = 0.0  # share of the shared persons with four times the errors
    rules: tuple[tuple[int, ...], ...] = RULES
    threshold: float = 0.9
    hospitals: int = 2
    compared: tuple[int, ...] = field(default=(0, 1, 2, 3, 4, 5))


@dataclass(frozen=True)
class Made:
    """A linkage and its truth."""

    pairs: pa.Table
    agrees: np.ndarray
    is_match: np.ndarray  # of the pairs
    left: np.ndarray  # codes (n, fields)
    right: np.ndarray
    partner: np.ndarray  # (n_left,) right row or -1
    hospital: np.ndarray  # (n_left,)
    proposed_matches: int
    expected_below: float
    model: object
    threshold: float

    @property
    def n_matches(self) -> int:
        return int((self.partner >= 0).sum())

    @property
    def linked(self) -> np.ndarray:
        return np.asarray(self.pairs["judgement"].to_numpy(zero_copy_only=False) == "link")

    @property
    def true_links(self) -> int:
        return int((self.linked & self.is_match).sum())


def make(world: World, *, seed: int) -> Made:
    """Make persons, spoil the right table, block, train, score and assign."""
    draw = stream("made-world", seed=seed)
    n_shared = int(world.n * world.shared)
    everyone = _persons(2 * world.n - n_shared, draw)
    left = everyone[: world.n]
    rows = draw.permutation(np.arange(world.n - n_shared, 2 * world.n - n_shared))
    right = everyone[rows].copy()
    partner = np.full(world.n, -1, dtype=np.int64)
    mine = rows < world.n
    partner[rows[mine]] = np.flatnonzero(mine)
    strangers = np.flatnonzero(~mine)[: int(world.families * world.n)]
    of = draw.integers(0, world.n, len(strangers))
    right[strangers[:, None], [1, 5]] = left[of][:, [1, 5]]
    right = _spoiled(right, world, draw)
    return _linked(world, left, right, partner, draw)


def _persons(n: int, draw: np.random.Generator) -> np.ndarray:
    zipf = 1.0 / (np.arange(400) + 3.0)
    weights = zipf / zipf.sum()
    return np.stack(
        [
            draw.choice(400, n, p=weights),
            draw.choice(400, n, p=weights),
            draw.integers(0, 20, n),
            draw.integers(0, 12, n),
            draw.integers(0, 28, n),
            draw.integers(0, 120, n),
        ],
        axis=1,
    ).astype(np.int64)


def _spoiled(right: np.ndarray, world: World, draw: np.random.Generator) -> np.ndarray:
    more = np.where(draw.random(len(right)) < world.dirty, 4.0, 1.0)
    wrong = draw.random(right.shape) < np.minimum(np.array(world.errors) * more[:, None], 0.9)
    out = right.copy()
    for column, size in enumerate((400, 400, 20, 12, 28, 120)):
        out[wrong[:, column], column] = draw.integers(0, size, int(wrong[:, column].sum()))
    return out


def candidates(
    left: np.ndarray, right: np.ndarray, rules: tuple[tuple[int, ...], ...]
) -> tuple[np.ndarray, np.ndarray]:
    """All pairs that a rule proposes, by left and right row."""
    keys = []
    for rule in rules:
        size = 1000 ** np.arange(len(rule), dtype=np.int64)
        a, b = left[:, list(rule)] @ size, right[:, list(rule)] @ size
        order = np.argsort(b, kind="stable")
        start, end = np.searchsorted(b[order], a, "left"), np.searchsorted(b[order], a, "right")
        n = end - start
        at = order[np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n) + np.repeat(start, n)]
        keys.append((np.repeat(np.arange(len(a)), n) << 32) | at)
    every = np.unique(np.concatenate(keys))
    return every >> 32, every & 0xFFFFFFFF


def score(
    model: object, left: np.ndarray, right: np.ndarray, pairs: tuple[np.ndarray, np.ndarray], world: World
) -> np.ndarray:
    """Match weight of pairs of rows."""
    gammas = (left[pairs[0]] == right[pairs[1]])[:, list(world.compared)].astype(np.int8)
    return pair_bits(gammas, model) + prior_bits(model.prior)  # type: ignore[arg-type, attr-defined]


def _linked(world: World, left: np.ndarray, right: np.ndarray, partner: np.ndarray, draw: np.random.Generator) -> Made:
    rows = candidates(left, right, world.rules)
    same = left[rows[0]] == right[rows[1]]
    gammas = same[:, list(world.compared)].astype(np.int8)
    u = [_chance(left[:, column], right[:, column]) for column in world.compared]
    named = [(FIELDS[column], LEVELS) for column in world.compared]
    settings = EMSettings(agreement_starts=(0.9,))
    model = fit(
        count_patterns(gammas), comparisons=named, u=u, settings=settings, n_pairs=world.n**2, largest_prior=1 / world.n
    ).model
    weight = score(model, left, right, rows, world)
    probability = posterior(weight, 0.5)
    kept = probability >= _FLOOR
    chosen = one_to_one(rows[0][kept], rows[1][kept], weight[kept] - prior_bits(_FLOOR) + 1e-9)
    link = chosen & (probability[kept] >= world.threshold)
    reason = np.where(link, "assigned", np.where(chosen, "below_threshold", "lost_assignment"))
    pairs = pa.table(
        {
            "left_row": rows[0][kept],
            "right_row": rows[1][kept],
            "match_weight": weight[kept],
            "match_probability": probability[kept],
            "judgement": np.where(link, "link", np.where(chosen, "possible_link", "non_link")),
            "reason_code": reason,
        }
    )
    is_match = partner[rows[0]] == rows[1]
    return Made(
        pairs=pairs,
        agrees=same[kept],
        is_match=is_match[kept],
        left=left,
        right=right,
        partner=partner,
        hospital=draw.integers(0, world.hospitals, world.n),
        proposed_matches=int(is_match.sum()),
        expected_below=float(probability[~kept].sum()),
        model=model,
        threshold=world.threshold,
    )


def _chance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    size = int(max(a.max(), b.max())) + 1
    agree = float(np.bincount(a, minlength=size) / len(a) @ (np.bincount(b, minlength=size) / len(b)))
    return np.array([1 - agree, agree])
