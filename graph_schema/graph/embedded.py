"""
The embedded graph server of a workspace: start it, find it while it runs, let go of it. Starts processes.

Whoever uses the server holds a lease (a shared file lock). The server runs while anybody holds one, or
after `keep`; see `guardian`. Layout below the workspace's `graph/`: `data/` is the server's, `run/` holds
locks, the owner-only secret and the server's console.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from graph_schema.graph import guardian
from graph_schema.graph.bolt import Auth
from graph_schema.graph.engine import DATABASE, Administration, Ports, find_engine
from graph_schema.graph.faults import GraphServerError

__all__ = ["HEAP_MB", "Server"]

HEAP_MB = 1024
_START_S = 60.0
_LEASE_S = 30.0
_POLL_S = 0.05
_PORT_TRIES = 3
_WRITER = "root"
_READER = "reader"


@dataclass(frozen=True, slots=True)
class _State:
    """What a running server is reached with; `server.json`, readable by its owner only."""

    bolt_port: int
    http_port: int
    writer_password: str
    reader_password: str


class _Lease:
    """An open, locked file; closed at the latest when nobody refers to it any more."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.close = weakref.finalize(self, os.close, self.fd)


class _PortTaken(GraphServerError):
    """Somebody else listens at the port."""


class Server:
    """
    A running embedded server and our lease on it.

    Attributes:
        url: Bolt address, on loopback.
        database: Name of its database.
        writer: Credentials that may write.
        reader: Credentials that may read and nothing else.
        was_running: True where another command had started it.
    """

    def __init__(self, folder: Path, state: _State, lease: _Lease, *, was_running: bool) -> None:
        self.url = f"bolt://127.0.0.1:{state.bolt_port}"
        self.database = DATABASE
        self.writer = Auth(_WRITER, state.writer_password)
        self.reader = Auth(_READER, state.reader_password)
        self.was_running = was_running
        self._folder = folder
        self._lease = lease
        self._administration = Administration(state.http_port, state.writer_password)

    @classmethod
    def start(cls, graph_dir: Path, *, heap_mb: int = HEAP_MB, port: int | None = None) -> Server:
        """
        The workspace's server: the one that runs, or a new one.

        Args:
            graph_dir: The workspace's `graph/`; made if absent.
            heap_mb: Upper bound of a new server's heap (MiB).
            port: Bolt port of a new server; a free one unless told.

        Raises:
            GraphServerError: If the engine is not installed, the port is taken, or the server does not start.
        """
        graph_dir = graph_dir.resolve()  # the server has a working directory of its own
        folder = _prepare(graph_dir)
        lease = _take_lease(folder)
        try:
            starting = _Lease(folder / "start.lock")
            try:
                _wait(lambda: _lock(starting.fd, fcntl.LOCK_EX), _START_S, "another command is starting the server")
                found = _running(folder)
                state = found or _boot(graph_dir, folder, heap_mb=heap_mb, port=port)
                return cls(folder, state, lease, was_running=found is not None)
            finally:
                starting.close()
        except BaseException:
            lease.close()
            raise

    @classmethod
    def find(cls, graph_dir: Path) -> Server | None:
        """The workspace's server if one runs, else None. Starts nothing and takes no stale file for a server."""
        folder = graph_dir / "run"
        if not (folder / "server.json").exists():
            return None
        lease = _take_lease(folder)
        state = _running(folder)
        if state is None:
            lease.close()
            return None
        return cls(folder, state, lease, was_running=True)

    @property
    def kept(self) -> bool:
        """Whether it stays when nobody uses it."""
        return (self._folder / "keep").exists()

    def keep(self) -> None:
        """Let it stay until `doselink graph down`, even when nobody uses it."""
        (self._folder / "keep").touch(mode=0o600)

    def wipe(self) -> None:
        """Delete the database's files and begin an empty one; nothing of the old stays in reused pages or logs."""
        self._administration.command(f"drop database {DATABASE}")
        self._administration.command(f"create database {DATABASE}")

    def release(self) -> None:
        """Let go of it: it ends if nobody else uses it and it is not to be kept. Does not wait."""
        self._lease.close()

    def stop(self, *, wait_s: float = 15.0) -> bool:
        """
        Let go of it, no longer keep it, and wait for its end.

        Returns:
            True when it has ended, False when another command still uses it: it ends with that one.
        """
        (self._folder / "keep").unlink(missing_ok=True)
        self.release()
        patience = time.monotonic() + wait_s
        while time.monotonic() < patience:
            if _free(self._folder / "server.lock"):
                return True
            time.sleep(_POLL_S)
        return False

    def kill(self) -> None:
        """End it now, whoever uses it; what was committed stays."""
        _end_guardian(self._folder)
        self.stop()


def _prepare(graph_dir: Path) -> Path:
    """The `run/` folder; nobody but its owner may look into `graph/`."""
    folder = graph_dir / "run"
    for path in (graph_dir, folder):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
    return folder


def _take_lease(folder: Path) -> _Lease:
    """A shared lock on `users.lock`. While the guardian ends a server nobody gets one."""
    lease = _Lease(folder / "users.lock")
    try:
        _wait(lambda: _lock(lease.fd, fcntl.LOCK_SH), _LEASE_S, "the graph server is still ending")
    except BaseException:
        lease.close()
        raise
    return lease


def _running(folder: Path) -> _State | None:
    """The state of the server that runs; None where there is none, or only what a dead one left behind."""
    if _free(folder / "server.lock"):
        return None
    try:
        return _State(**json.loads((folder / "server.json").read_text(encoding="ascii")))
    except (OSError, ValueError, TypeError):
        return None


def _boot(graph_dir: Path, folder: Path, *, heap_mb: int, port: int | None) -> _State:
    engine = find_engine()
    # A starter that was killed leaves a server without state behind: its guardian ends it, we wait for that.
    _wait(lambda: _free(folder / "server.lock"), _LEASE_S, "the data are held by a server that does not end")
    for path in (folder / "server.json", folder / "keep"):
        path.unlink(missing_ok=True)
    for attempt in range(1, _PORT_TRIES + 1):
        ports = _free_ports(port)
        state = _State(ports.bolt, ports.http, secrets.token_urlsafe(32), secrets.token_urlsafe(32))
        try:
            _launch(engine.command, graph_dir, folder, state, heap_mb=heap_mb)
        except _PortTaken:
            _end_guardian(folder)
            if port is not None or attempt == _PORT_TRIES:
                raise
            continue
        break
    return state


def _end_guardian(folder: Path) -> None:
    """Tell the guardian to end its server, and wait until it has."""
    with suppress(OSError, ValueError):
        if not _free(folder / "server.lock"):
            os.kill(int((folder / "guardian.pid").read_text(encoding="ascii")), signal.SIGTERM)
    _wait(lambda: _free(folder / "server.lock"), _LEASE_S, "the graph server does not end")


def _launch(command: Callable[..., list[str]], graph_dir: Path, folder: Path, state: _State, *, heap_mb: int) -> None:
    data = graph_dir / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    # Users and groups are made anew at every start, since the first start fixes the writer's password.
    for path in (data / "config").glob("server-*"):
        path.unlink()
    (folder / "console.log").unlink(missing_ok=True)
    password_file = folder / "password"
    _write_private(password_file, state.writer_password)
    argv = command(
        root=data, password_file=password_file, ports=Ports(state.bolt_port, state.http_port), heap_mb=heap_mb
    )
    plan = {"folder": str(folder), "command": argv, "bolt_port": state.bolt_port}
    started = subprocess.run(  # noqa: S603 - our own interpreter and our own module
        [sys.executable, "-I", "-S", guardian.__file__],
        input=json.dumps(plan) + "\n",
        text=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if started.returncode:
        raise GraphServerError(f"another server holds the graph in {graph_dir}: end it with `doselink graph down`")
    _await_ready(folder, state)


def _await_ready(folder: Path, state: _State) -> None:
    administration = Administration(state.http_port, state.writer_password)
    patience = time.monotonic() + _START_S
    while not administration.ready():
        if _free(folder / "server.lock") or _failed(folder):
            raise _why_not(folder, state)
        if time.monotonic() > patience:
            raise GraphServerError(f"the graph server was not ready after {_START_S:g} s: see {folder / 'console.log'}")
        time.sleep(_POLL_S)
    _await_bolt(folder, state)
    administration.make_reader(_READER, state.reader_password)
    _write_private(folder / "server.json", json.dumps({name: getattr(state, name) for name in _State.__slots__}))


def _await_bolt(folder: Path, state: _State) -> None:
    try:
        socket.create_connection(("127.0.0.1", state.bolt_port), timeout=_POLL_S * 20).close()
    except OSError:
        raise _why_not(folder, state) from None


def _console(folder: Path) -> str:
    console = folder / "console.log"
    return console.read_text(encoding="utf-8", errors="replace") if console.exists() else ""


def _failed(folder: Path) -> bool:
    """Whether the server gave up: its process may stay although its main thread has ended."""
    return 'Exception in thread "main"' in _console(folder)


def _why_not(folder: Path, state: _State) -> GraphServerError:
    text = _console(folder)
    if "already in use" in text or "BindException" in text or "Unable to listen" in text:
        return _PortTaken(
            f"port {state.bolt_port} or {state.http_port} is taken by another program: "
            "name another one, or leave the port out to get a free one"
        )
    if "locked by another process" in text:
        return GraphServerError("another process holds the graph's data: end it, then try again")
    return GraphServerError(f"the graph server did not start: its reasons are in {folder / 'console.log'}")


def _free_ports(bolt: int | None) -> Ports:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return Ports(bolt or first.getsockname()[1], second.getsockname()[1])


def _write_private(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
        stream.write(text)
    beside.replace(path)


def _lock(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _free(path: Path) -> bool:
    """Whether nobody holds the lock."""
    try:
        stream = path.open("r")
    except FileNotFoundError:
        return True
    with stream:
        return _lock(stream.fileno(), fcntl.LOCK_SH)


def _wait(done: Callable[[], bool], patience_s: float, what: str) -> None:
    until = time.monotonic() + patience_s
    while not done():
        if time.monotonic() > until:
            raise GraphServerError(f"{what}; it took longer than {patience_s:g} s: try again, or `doselink graph down`")
        time.sleep(_POLL_S)
