"""
The graph over Bolt: the only module that knows the `neo4j` driver. Opens network connections.

Each query has a lane, a driver of its own from a small stock, because the one way to end a query that
works on every server is to close the connection it runs on, and nobody else's query may go with it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import neo4j
from neo4j import exceptions as faults_of_driver

from graph_schema.errors import DoselinkError
from graph_schema.graph.cypher_text import refuse_reaching_out
from graph_schema.graph.faults import (
    CredentialsRefused,
    CypherRefused,
    GraphConflict,
    ServerUnreachable,
    TimeLimitReached,
    WriteRefused,
)
from graph_schema.graph.plain import plain

__all__ = ["READ_LIMIT_S", "Answer", "Auth", "Graph", "Transaction"]

READ_LIMIT_S = 60.0
_WRITE_LIMIT_S = 300.0
_CONNECT_S = 5.0
_RETRY_S = 15.0
_FIRST_RETRY_S = 0.1
_RETRY_GROWTH = 1.2
# A server that keeps its own time limit gets to answer with it before the connection is closed.
_GRACE_S = 0.1
_READ_ONLY_CODES = frozenset({"Neo.ClientError.Statement.AccessMode"})

T = TypeVar("T")

# The driver's own warnings ("will be retried") are for those who ask for them, not for the terminal.
logging.getLogger("neo4j").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Auth:
    """User and password; neither appears in its text form, so that no log and no traceback can show it."""

    user: str
    password: str

    def __repr__(self) -> str:
        return "Auth(…)"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gave: column names, and one tuple of plain values a row."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def dicts(self) -> list[dict[str, Any]]:
        """One dictionary a row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Transaction(Protocol):
    """What the work inside `Graph.transact` may do."""

    def run(self, cypher: str, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """Run a statement and give its rows."""


class Graph:
    """
    A graph server. Use as a context manager, or `close()` it.

    Attributes:
        url: Its address, without credentials.
        reader: True where writing is refused before the server is asked.
    """

    def __init__(
        self, url: str, auth: Auth, database: str, *, reader: bool = False, on_close: Callable[[], None] | None = None
    ) -> None:
        self.url = url
        self.reader = reader
        self._auth = auth
        self._database = database
        self._on_close = on_close
        self._idle: list[neo4j.Driver] = []
        self._lock = threading.Lock()

    @classmethod
    def connect(
        cls, url: str, auth: Auth, database: str, *, reader: bool = False, on_close: Callable[[], None] | None = None
    ) -> Graph:
        """
        Connect and make sure that the server is there and takes the credentials.

        Args:
            url: `bolt://host:port` or any other address the driver takes.
            auth: User and password.
            database: Name of the database.
            reader: Refuse writing.
            on_close: Called once when the graph is closed.

        Raises:
            ServerUnreachable: If nobody answers there.
            CredentialsRefused: If the server does not take the credentials.
        """
        graph = cls(url, auth, database, reader=reader, on_close=on_close)
        try:
            graph.agent()  # not tried again: nobody there is said at once
            graph.query("RETURN 1 AS one", timeout_s=_CONNECT_S)
        except BaseException:
            graph.close()
            raise
        return graph

    def agent(self) -> str:
        """What the server calls itself, for example `Neo4j/5.26.30`."""
        with self._translated(_CONNECT_S), self._lane() as lane:
            return lane.get_server_info().agent

    def read(
        self, cypher: str, parameters: Mapping[str, object] | None = None, timeout_s: float = READ_LIMIT_S
    ) -> list[dict[str, Any]]:
        """`query`, as one dictionary a row."""
        return self.query(cypher, parameters, timeout_s=timeout_s).dicts()

    def query(
        self, cypher: str, parameters: Mapping[str, object] | None = None, *, timeout_s: float = READ_LIMIT_S
    ) -> Answer:
        """
        Ask a question.

        Args:
            cypher: The question; values go into `parameters`, never into the text.
            parameters: Values by name.
            timeout_s: After so many seconds it is ended, on the server too.

        Raises:
            TimeLimitReached: If it was ended.
            CypherRefused: If the server does not understand it, or it loads files.
            WriteRefused: If it tries to change something.
            ServerUnreachable: If the server is gone.
        """
        refuse_reaching_out(cypher)
        with self._session(neo4j.READ_ACCESS, timeout_s) as (session, clock):
            return session.execute_read(clock.limited(_asking(cypher, parameters)))

    def write(
        self, cypher: str, parameters: Mapping[str, object] | None = None, *, timeout_s: float = _WRITE_LIMIT_S
    ) -> list[dict[str, Any]]:
        """
        Run one statement in a transaction of its own. It may be run again after a lost connection.

        Raises:
            WriteRefused: If this graph was opened for reading.
            GraphConflict: If a constraint is broken.
        """
        return self.transact(lambda transaction: transaction.run(cypher, parameters), timeout_s=timeout_s)

    def transact(self, work: Callable[[Transaction], T], *, timeout_s: float = _WRITE_LIMIT_S) -> T:
        """
        Do `work` in one transaction: all of it or nothing.

        Args:
            work: Called with the transaction. It must bear being called again: when the connection is lost
                while committing, nobody knows whether the commit took place. An exception undoes everything.
            timeout_s: After so many seconds it is ended.
        """
        if self.reader:
            raise WriteRefused("this connection is for questions and may not change the graph")
        with self._session(neo4j.WRITE_ACCESS, timeout_s) as (session, clock):
            return session.execute_write(clock.limited(lambda transaction: work(_Running(transaction))))

    def close(self) -> None:
        """Close every connection; closing again does nothing."""
        with self._lock:
            lanes, self._idle = self._idle, []
            on_close, self._on_close = self._on_close, None
        for lane in lanes:
            lane.close()
        if on_close is not None:
            on_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_lane(self) -> neo4j.Driver:
        return neo4j.GraphDatabase.driver(
            self.url,
            auth=(self._auth.user, self._auth.password),
            connection_timeout=_CONNECT_S,
            max_transaction_retry_time=_RETRY_S,
            initial_retry_delay=_FIRST_RETRY_S,
            retry_delay_multiplier=_RETRY_GROWTH,
            notifications_min_severity="OFF",
            telemetry_disabled=True,
            user_agent="doselink",
        )

    @contextmanager
    def _lane(self) -> Iterator[neo4j.Driver]:
        with self._lock:
            lane = self._idle.pop() if self._idle else None
        lane = lane or self._open_lane()
        try:
            yield lane
        except faults_of_driver.Neo4jError:
            self._put_back(lane)
            raise
        except BaseException:
            # Ctrl-C and lost connections: closing is what ends the query on the server.
            lane.close()
            raise
        self._put_back(lane)

    def _put_back(self, lane: neo4j.Driver) -> None:
        with self._lock:
            self._idle.append(lane)

    @contextmanager
    def _session(self, access: str, limit_s: float) -> Iterator[tuple[neo4j.Session, _Clock]]:
        with (
            self._translated(limit_s) as clock,
            self._lane() as lane,
            clock.ending(lane),
            lane.session(database=self._database, default_access_mode=access) as session,
        ):
            yield session, clock

    @contextmanager
    def _translated(self, limit_s: float) -> Iterator[_Clock]:
        clock = _Clock(limit_s)
        try:
            yield clock
        except DoselinkError:
            raise
        except (faults_of_driver.GqlError, OSError, ValueError) as error:
            raise _translate(error, clock, url=self.url) from None


class _Running:
    """A driver's transaction, with plain answers."""

    def __init__(self, transaction: neo4j.ManagedTransaction) -> None:
        self._transaction = transaction

    def run(self, cypher: str, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        return _asking(cypher, parameters)(self._transaction).dicts()


class _Clock:
    """Ends a query that runs too long by closing its lane."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self.expired = False

    @contextmanager
    def ending(self, lane: neo4j.Driver) -> Iterator[None]:
        def end() -> None:
            self.expired = True
            lane.close()

        timer = threading.Timer(self.limit_s + _GRACE_S, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            # A timer that fired just now must have closed the lane before anybody takes it for usable.
            timer.join()
        if self.expired:
            raise TimeLimitReached(self.limit_s)

    def limited(self, work: Callable[[neo4j.ManagedTransaction], T]) -> Callable[[neo4j.ManagedTransaction], T]:
        """The work with the server's own time limit, and no second try once the time is over."""

        @neo4j.unit_of_work(timeout=self.limit_s)
        def run(transaction: neo4j.ManagedTransaction) -> T:
            if self.expired:
                raise TimeLimitReached(self.limit_s)
            return work(transaction)

        return run


def _asking(cypher: str, parameters: Mapping[str, object] | None) -> Callable[[neo4j.ManagedTransaction], Answer]:
    def ask(transaction: neo4j.ManagedTransaction) -> Answer:
        result = transaction.run(cypher, dict(parameters or {}))
        columns = tuple(result.keys())
        return Answer(columns, [tuple(plain(found) for found in record) for record in result])

    return ask


def _translate(error: Exception, clock: _Clock, *, url: str) -> DoselinkError:
    """By class and code, never by the text: the texts of two servers differ."""
    code = getattr(error, "code", None) or ""
    if clock.expired or "TransactionTimedOut" in code:
        return TimeLimitReached(clock.limit_s)
    if isinstance(error, faults_of_driver.AuthError | faults_of_driver.TokenExpired):
        return CredentialsRefused(f"the graph server at {url} refused the credentials: check user and password")
    if isinstance(error, faults_of_driver.Forbidden) or code in _READ_ONLY_CODES:
        return WriteRefused("the server refused this: questions may only read the graph")
    if isinstance(error, faults_of_driver.ConstraintError):
        return GraphConflict(f"the graph server at {url} refused a row that breaks a constraint: rebuild the graph")
    if isinstance(error, faults_of_driver.ClientError):
        return CypherRefused(f"the server does not accept this Cypher: {_reason(error)}")
    if isinstance(error, faults_of_driver.Neo4jError):
        return GraphConflict(f"the graph server at {url} failed with {code}: see its log")
    return ServerUnreachable(f"no graph server answers at {url}: check that it runs, or `doselink graph status`")


def _reason(error: faults_of_driver.Neo4jError) -> str:
    text = (error.message or "no reason given").strip()
    return text.splitlines()[0] if text else "no reason given"
