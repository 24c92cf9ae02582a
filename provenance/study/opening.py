"""Opens a study's workspace for reading: the door of the Python interface. Opens files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from graph_schema.ledger import BlockStore, Ledger, Manifest
from provenance.study.errors import StudyMissing
from provenance.study.snapshot import Snapshot

if TYPE_CHECKING:
    import networkx as nx

    from provenance.cohort.cohort import Cohort
    from provenance.cohort.definition import CohortDefinition
    from provenance.lineage.story import Explanation

__all__ = ["Study", "open_study"]


def open_study(path: Path | str) -> Study:
    """
    Open a study for reading. Needs no graph server: everything comes from the ledger and its blocks.

    Args:
        path: The workspace folder, or the study file in it.

    Returns:
        The study as its last commit left it; later commits are not seen, open it again for them.

    Raises:
        StudyMissing: If no run has committed anything there.
        LedgerDamaged: If the ledger is.

    Example:
        >>> from datetime import date
        >>> from provenance import open_study
        >>> study = open_study("results")                                        # doctest: +SKIP
        >>> cohort = study.children(
        ...     ops=["1-27*"], age_under_years=22, link_probability=0.9,
        ...     performed_between=(date(2012, 1, 1), date(2023, 1, 1)),
        ... )                                                                    # doctest: +SKIP
        >>> cohort.table.column("active_marrow_mgy")                             # doctest: +SKIP
        >>> cohort.realisations("active_marrow", lag_years=2, at=date(2023, 1, 1)).shape  # doctest: +SKIP
        (2731, 1000)
    """
    root = Path(path)
    if root.is_file():
        root = root.parent
    ledger = Ledger(root / "ledger")
    if ledger.head() is None:
        raise StudyMissing(f"nothing has been committed in {root}: expected a workspace; run `doselink run` first")
    return Study(root)


class Study:
    """
    A study, opened for reading by `open_study`.

    Attributes:
        root: The workspace folder.
        ledger: The system of record.
        blocks: Row-level bulk.
        snapshot: The current state as frames.
        head: The commit that was the last one when the study was opened.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ledger = Ledger(root / "ledger")
        self.blocks = BlockStore(root / "blocks")
        self.snapshot = Snapshot(self.ledger)
        self.head = self.ledger.head()

    @property
    def last_recorded_at(self) -> datetime:
        """When the last commit was recorded: what is registered now may not be recorded before it."""
        head = self.ledger.head()
        if head is None:
            raise StudyMissing(f"nothing has been committed in {self.root}: run `doselink run` first")
        return head.recorded_at

    def children(
        self,
        *,
        ops: Sequence[str],
        age_under_years: int | None = None,
        performed_between: tuple[date, date] | None = None,
        link_probability: float | None = None,
        sex: Literal["female", "male"] | None = None,
        hospitals: Sequence[str] | None = None,
        at: date | None = None,
        lag_years: Mapping[str, int] | None = None,
        name: str | None = None,
    ) -> Cohort:
        """
        Children with at least one procedure that meets every rule.

        Args:
            ops: OPS codes: `1-275` takes the code and its subcodes, `1-27*` all that begin so.
            age_under_years: Year of the procedure minus year of birth must be below it: of the child's birth
                only the year is delivered, so a child counts only if it was under this age all that year.
            performed_between: First day (inclusive) and end (exclusive) of the procedures.
            link_probability: Persons must be linked claims to hospital with at least this probability, and
                doses to persons as well: a weaker dose link leaves the dose missing. None takes everybody.
            sex: Only persons of this sex.
            hospitals: Only procedures in these hospitals, by their names in the study file.
            at: Day at which doses are summed; the period's end, else the ledger's last day, unless told.
            lag_years: Organ to years; 2 for active marrow and 5 for other organs unless told. A lag moves
                doses, not persons; 29 February minus a lag is 28 February where there is none.
            name: Name of the cohort; made from the definition's digest unless told.

        Raises:
            DefinitionWrong: If the rules cannot be.
        """
        from provenance.cohort.definition import defined

        asked: dict[str, object] = {
            "ops": tuple(ops),
            "age_under_years": age_under_years,
            "performed_between": performed_between,
            "link_probability": link_probability,
            "sex": sex,
            "hospitals": None if hospitals is None else tuple(hospitals),
            "at": at,
            "lag_years": dict(lag_years or {}),
        }
        unnamed = defined(name="unnamed", **asked)
        return self.evaluate(defined(name=name or f"children-{unnamed.digest[:8]}", **asked))

    def evaluate(self, definition: CohortDefinition) -> Cohort:
        """The cohort of a definition, for example one read with `CohortDefinition.from_json`."""
        from provenance.cohort.cohort import evaluate

        return evaluate(self.snapshot, self.blocks, definition)

    def register(self, cohort: Cohort, *, now: datetime) -> Manifest:
        """
        Write a cohort into the ledger, so that audit questions reach it; the graph is brought up by the next
        `doselink run` or `doselink graph` command.

        Args:
            cohort: The cohort, from this study.
            now: Time of the commit, aware, UTC.

        Returns:
            The commit that holds it. Registering what is there already writes nothing.
        """
        from provenance.cohort.register import register

        return register(cohort, self.ledger, now=now)

    def explain(self, person: str) -> Explanation:
        """
        How one person came to be linked and dosed: records, stays, links with their weights, doses, files.

        Raises:
            NotInStudy: If there is no such person.
        """
        from provenance.lineage.explain import explain

        return explain(self.snapshot, person)

    def trace(self, thing: str, *, max_steps: int = 12, history: bool = False) -> nx.DiGraph[str]:
        """
        Everything a thing was made from, down to the delivered files.

        Args:
            thing: Key or id of any node.
            max_steps: How many edges to follow at most.
            history: Follow earlier revisions too.

        Raises:
            NotInStudy: If there is no such thing.
        """
        from provenance.lineage.trace import trace

        return trace(self.snapshot.ledger, thing, max_steps=max_steps, history=history)
