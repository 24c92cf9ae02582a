"""What has been trained of a model so far: starting values, u, sessions, what people fixed. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import FloatArray
from linkage.comparison.comparison import Comparison
from linkage.model import Model, ModelFacts
from linkage.model.labels import with_m
from linkage.model.sessions import Session, combined, default_m, default_u
from linkage.training import Trained

__all__ = ["NotTrained", "Parameters", "given_m_of", "given_u_of"]

_SMALLEST = 1e-10  # probability of a level that was never seen, as in Splink


class NotTrained(UserError):
    """A model is used before it is trained."""

    exit_code = ExitCode.SETTINGS


@dataclass
class Parameters:
    """
    Parameters on their way to a model.

    Attributes:
        named: (name, level names) of every comparison.
        m: m before any session; what the settings or labels say, else Splink's starting values.
        u: u, one array a comparison.
        prior: Probability that two random records match.
        prior_is_known: Whether deterministic rules gave it; training then leaves it.
        known_m: Comparisons whose m needs no session.
        known_u: Comparisons whose u is known.
        fixed_m: Comparisons whose m no session changes, by name.
        sessions: EM sessions so far.
        whole: A model trained or loaded as a whole; it stands before everything above.
        trained: How that model was trained, if it was here.
        steps: What was done, one sentence a step.
    """

    named: list[tuple[str, tuple[str, ...]]]
    m: list[FloatArray]
    u: list[FloatArray]
    prior: float
    prior_is_known: bool = False
    known_m: set[str] = field(default_factory=set)
    known_u: set[str] = field(default_factory=set)
    fixed_m: dict[str, FloatArray] = field(default_factory=dict)
    sessions: list[Session] = field(default_factory=list)
    whole: Model | None = None
    trained: Trained | None = None
    steps: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, comparisons: Sequence[Comparison], *, prior: float) -> Parameters:
        """Starting values, or those that the settings give."""
        named = [(part.name, part.level_names) for part in comparisons]
        given_m = {part.name: given for part in comparisons if (given := given_m_of(part)) is not None}
        given_u = {part.name: given for part in comparisons if (given := given_u_of(part)) is not None}
        fixed = {part.name: given_m[part.name] for part in comparisons if part.name in given_m and _is_fixed(part)}
        return cls(
            named=named,
            m=[given_m[name] if name in given_m else default_m(len(levels)) for name, levels in named],
            u=[given_u[name] if name in given_u else default_u(len(levels)) for name, levels in named],
            prior=prior,
            known_m=set(given_m),
            known_u=set(given_u),
            fixed_m=fixed,
        )

    def model(self) -> Model:
        """
        The model as it stands.

        Raises:
            NotTrained: If a comparison has no u, or no m.
        """
        if self.whole is not None:
            return self.whole
        sessions = {self.named[column][0] for session in self.sessions for column in session.trained}
        no_u = [name for name, _ in self.named if name not in self.known_u]
        no_m = [name for name, _ in self.named if name not in sessions | self.known_m]
        if no_u:
            raise NotTrained(
                f"the model has no u for {', '.join(no_u)}: run linker.training.estimate_u_using_random_sampling(), "
                f"or linker.training.train() for everything at once"
            )
        if no_m:
            raise NotTrained(
                f"the model has no m for {', '.join(no_m)}: run "
                f"linker.training.estimate_parameters_using_expectation_maximisation with a rule on other columns"
            )
        return self.so_far()

    @property
    def is_complete(self) -> bool:
        """Whether there is a model: one trained as a whole or loaded, or u and m of every comparison."""
        sessions = {self.named[column][0] for session in self.sessions for column in session.trained}
        names = {name for name, _ in self.named}
        return self.whole is not None or (names <= self.known_u and names <= sessions | self.known_m)

    def course(self) -> list[Model]:
        """The model before any session, after each, and as it is now if it was trained or loaded as a whole."""
        steps = [self._after(self.sessions[:number])[0] for number in range(len(self.sessions) + 1)]
        return steps if self.whole is None else [*steps, self.whole]

    def _after(self, sessions: list[Session]) -> tuple[Model, tuple[str, ...]]:
        model, warnings = combined(
            sessions, comparisons=self.named, m=self.m, u=self.u, prior=self.prior, fixed_m=self.fixed_m
        )
        return model, tuple(warnings)

    def so_far(self) -> Model:
        """The model with starting values where nothing was trained."""
        if self.whole is not None:
            return self.whole
        model, warnings = self._after(self.sessions)
        told = tuple(warning for session in self.sessions for warning in session.warnings)
        facts = ModelFacts(
            training=tuple(self.steps),
            warnings=(*told, *(text for text in warnings if "the starting values stand" not in text)),
            converged=all(session.converged for session in self.sessions) if self.sessions else None,
        )
        return model.model_copy(update={"facts": facts})

    def set_m(self, m: dict[str, FloatArray]) -> None:
        """Take m of some comparisons as known."""
        if self.whole is not None:
            self.whole = with_m(self.whole, m)
        for column, (name, _) in enumerate(self.named):
            if name in m:
                self.m[column] = m[name]
                self.known_m.add(name)
                self.fixed_m[name] = m[name]


def given_m_of(comparison: Comparison) -> FloatArray | None:
    """m that the settings give, weakest level first; None unless every level has one."""
    return _given([level.m_probability for level in comparison.scored])


def given_u_of(comparison: Comparison) -> FloatArray | None:
    """u that the settings give, weakest level first; None unless every level has one."""
    return _given([level.u_probability for level in comparison.scored])


def _given(numbers: Sequence[float | None]) -> FloatArray | None:
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers):
        return None
    held = np.maximum(np.array(known, dtype=np.float64), _SMALLEST)
    return held / float(held.sum())


def _is_fixed(comparison: Comparison) -> bool:
    return any(level.fix_m_probability for level in comparison.scored)
