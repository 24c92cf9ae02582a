"""The trained stay model: what every agreement is worth, as canonical JSON that can be used again. Opens nothing."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from linkage.document import JsonDocument
from linkage.model import ComparisonModel, Model
from linkage.model.model import BadModel, rounded
from linkage.stays.block import SAME

__all__ = ["PersonPrior", "Rates", "StayModel"]


class PersonPrior(BaseModel):
    """How many children a hospital and the claims share, for one kind of candidate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hospital: str | None = Field(description="Hospital, or null for patients whose hospital is unknown.")
    kind: str = Field(
        description="same: the unit has claims stays there; unknown: claims stays without hospital; other."
    )
    n_units: int = Field(ge=0, description="Claims pseudonyms of this kind.")
    n_patients: int = Field(ge=0, description="Hospital patients.")
    n_shared: float = Field(ge=0, description="Expected person pairs.")

    @property
    def odds(self) -> float:
        """Odds of one candidate under one-to-one: M / ((N_A - M)(N_B - M))."""
        left, right = max(self.n_units - self.n_shared, 0.5), max(self.n_patients - self.n_shared, 0.5)
        return max(self.n_shared, 1e-3) / (left * right)


class Rates(BaseModel):
    """How often a stay of one side has no partner on the other, and of which kind its partner is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    alpha: float = Field(gt=0, lt=1, description="Claims stays at the hospital without a case there.")
    alpha_unknown: float = Field(
        gt=0, lt=1, description="Claims stays without hospital that are no case of this patient."
    )
    beta: float = Field(gt=0, lt=1, description="Hospital cases inside coverage without a claims stay.")
    beta_newborn: float = Field(gt=0, lt=1, description="The same for stays in the year of birth.")
    merge_rate: float = Field(gt=0, lt=1, description="Matches that join two stays of one side.")
    wrong_hospital: float = Field(gt=0, lt=1, description="Claims stays with a wrong hospital.")


class StayModel(JsonDocument):
    """
    What the linkage of stays and persons learned. It holds no compared value.

    The first model of a study is used as it is for later deliveries, so that links already made do not move.
    """

    spoken = "stay model"
    wrong = BadModel

    comparisons: tuple[ComparisonModel, ...] = Field(description="m, and u among pairs near in date at one hospital.")
    u_elsewhere: dict[str, tuple[float, ...]] = Field(description="u of the person's fields at unrelated hospitals.")
    hospital_m: float = Field(gt=0, lt=1, description="Probability that a true pair states one hospital.")
    hospital_u: float = Field(gt=0, le=1, description="Probability that a random pair states one hospital.")
    date_rates: tuple[float, ...] = Field(description="Chance that a random pair is near in date, by blocking rule.")
    prior: float = Field(gt=0, lt=1, description="Probability that a random pair of stays is a match.")
    rates: Rates = Field(description="Unmatched and merged stays.")
    person_priors: tuple[PersonPrior, ...] = Field(description="By hospital and kind of candidate.")
    n_trained: float = Field(ge=0, description="Expected matches the training saw; 0: published starting values only.")
    settings_digest: str = Field(description="Digest of the settings it was trained with.")

    @property
    def engine_model(self) -> Model:
        """
        The comparisons and the prior as the engine's model, for charts and interchange.

        The dates are told for any two stays at one hospital: a level's u includes how rarely two stays are near in
        date, and `far` is every pair that is not.
        """
        dates = self.comparisons[0]
        near = [p * self.date_rates[SAME] for p in dates.u[1:]]
        whole = dates.model_copy(update={"u": (1 - sum(near), *near)})
        return Model(comparisons=(whole, *self.comparisons[1:]), prior=self.prior)

    def with_rates(self, rates: Rates, priors: tuple[PersonPrior, ...], far: float) -> StayModel:
        """The model with re-estimated rates; `far` is the share of matches with far dates."""
        dates = self.comparisons[0]
        near = sum(dates.m[1:])
        m = (rounded(far), *(rounded(p / near * (1 - far)) for p in dates.m[1:]))
        first = dates.model_copy(update={"m": m})
        return self.model_copy(
            update={"rates": rates, "person_priors": priors, "comparisons": (first, *self.comparisons[1:])}
        )
