"""The embedded server belongs to its users: it comes with the first, goes with the last, and nobody else gets in."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from graph_schema.graph.bolt import Graph
from graph_schema.graph.embedded import Server
from graph_schema.graph.faults import GraphServerError, TimeLimitReached

HOLD = """
import sys, time
from pathlib import Path
from graph_schema.graph.embedded import Server
server = Server.start(Path(sys.argv[1]))
print(server.url, flush=True)
time.sleep(600)
"""


@pytest.fixture
def graph_dir(tmp_path: Path) -> Path:
    return tmp_path / "graph"


def processes_of(graph_dir: Path) -> list[psutil.Process]:
    """The server's processes: each names its data folder, or its guardian's number is written there."""
    found = []
    for process in psutil.process_iter():
        try:
            if any(str(graph_dir) in word for word in process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def until(done: Callable[[], bool], seconds: float = 20.0) -> bool:
    patience = time.monotonic() + seconds
    while not done():
        if time.monotonic() > patience:
            return False
        time.sleep(0.05)
    return True


def holder(graph_dir: Path) -> subprocess.Popen[str]:
    """Another command that uses the server."""
    return subprocess.Popen([sys.executable, "-c", HOLD, str(graph_dir)], stdout=subprocess.PIPE, text=True)


def test_it_starts_is_found_by_the_second_and_ends_with_the_last(graph_dir: Path) -> None:
    first = Server.start(graph_dir)
    second = Server.start(graph_dir)
    assert (first.was_running, second.was_running, second.url) == (False, True, first.url)

    first.release()
    with Graph.connect(second.url, second.reader, second.database, reader=True) as graph:
        assert graph.read("RETURN 1 AS one") == [{"one": 1}]

    assert second.stop()
    assert until(lambda: processes_of(graph_dir) == [])
    assert Server.find(graph_dir) is None


def test_what_was_written_is_there_after_the_next_start_with_new_passwords(graph_dir: Path) -> None:
    server = Server.start(graph_dir)
    with Graph.connect(server.url, server.writer, server.database) as graph:
        graph.write("CREATE (:Item {id: 1})")
    old = server.writer
    assert server.stop()

    server = Server.start(graph_dir)
    with Graph.connect(server.url, server.reader, server.database, reader=True) as graph:
        assert graph.read("MATCH (n:Item) RETURN n.id AS id") == [{"id": 1}]
    assert server.writer != old
    server.stop()


def test_nobody_but_the_owner_can_read_anything_of_it(graph_dir: Path) -> None:
    server = Server.start(graph_dir)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [graph_dir, *graph_dir.rglob("*")]}
    listening = {c.laddr.ip for process in processes_of(graph_dir) for c in process.net_connections("tcp")}
    words = [word for process in processes_of(graph_dir) for word in process.cmdline()]
    server.stop()

    assert {path.name: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}
    assert [word for word in words if server.writer.password in word or server.reader.password in word] == []
    assert list((graph_dir / "run").glob("*password*")) == []


def test_a_killed_user_leaves_no_server_behind(graph_dir: Path) -> None:
    user = holder(graph_dir)
    assert user.stdout is not None
    assert user.stdout.readline().startswith("bolt://127.0.0.1:")
    assert processes_of(graph_dir)

    user.kill()
    user.communicate()

    assert until(lambda: processes_of(graph_dir) == [])


def test_a_killed_guardian_leaves_no_server_behind_and_its_state_is_not_believed(graph_dir: Path) -> None:
    server = Server.start(graph_dir)
    os.kill(int((graph_dir / "run" / "guardian.pid").read_text()), signal.SIGKILL)
    assert until(lambda: processes_of(graph_dir) == [])
    server.release()
    assert (graph_dir / "run" / "server.json").exists()

    assert Server.find(graph_dir) is None
    again = Server.start(graph_dir)
    assert not again.was_running
    again.stop()


def test_a_server_that_dies_is_started_again_under_the_same_address(graph_dir: Path) -> None:
    server = Server.start(graph_dir)
    with Graph.connect(server.url, server.writer, server.database) as graph:
        graph.write("CREATE (:Item {id: 1})")
        for process in processes_of(graph_dir):
            if "java" in process.name():
                process.kill()

        assert graph.read("MATCH (n:Item) RETURN n.id AS id") == [{"id": 1}]
    server.stop()


def test_a_kept_server_stays_until_it_is_ended(graph_dir: Path) -> None:
    server = Server.start(graph_dir)
    server.keep()
    server.release()
    time.sleep(1.0)

    found = Server.find(graph_dir)

    assert found is not None
    assert (found.url, found.kept) == (server.url, True)
    found.kill()
    assert until(lambda: processes_of(graph_dir) == [])


def test_a_query_that_no_limit_of_the_engine_reaches_is_ended_too(graph_dir: Path) -> None:
    endless = "RETURN reduce(s = 0, x IN range(1, 300000) | s + reduce(t = 0, y IN range(1, 300000) | t + y)) AS n"
    server = Server.start(graph_dir)
    with Graph.connect(server.url, server.reader, server.database, reader=True) as graph:
        with pytest.raises(TimeLimitReached):
            graph.query(endless, timeout_s=0.5)
        before = {process.pid for process in processes_of(graph_dir)}

        assert until(lambda: before.isdisjoint(process.pid for process in processes_of(graph_dir)))
        assert graph.read("RETURN 1 AS one") == [{"one": 1}]
    server.stop()


def test_a_port_that_is_taken_is_named(graph_dir: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(GraphServerError, match=f"port {port} or .* is taken"):
            Server.start(graph_dir, port=port)
    assert until(lambda: processes_of(graph_dir) == [])


def test_a_missing_wheel_says_what_to_install(graph_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(GraphServerError, match="pip install arcadedb-embedded"):
        Server.start(graph_dir)


def test_wiping_leaves_nothing_in_the_files(graph_dir: Path) -> None:
    server = Server.start(graph_dir)
    with Graph.connect(server.url, server.writer, server.database) as graph:
        graph.write("CREATE (:Item {id: 'MARKER-4711-MARKER'})")

        server.wipe()

        assert graph.read("MATCH (n) RETURN count(n) AS n") == [{"n": 0}]
    server.stop()
    files = [path for path in (graph_dir / "data").rglob("*") if path.is_file()]
    assert files
    assert [path.name for path in files if b"MARKER-4711" in path.read_bytes()] == []


def test_a_relative_folder_is_the_callers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    server = Server.start(Path("graph"))
    server.release()

    assert (tmp_path / "graph" / "data").is_dir()
