"""What the embedded engine is and how it is started: its files, its command line, its reader. Version-bound."""

from __future__ import annotations

import base64
import importlib.util
import json
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from graph_schema.graph.faults import GraphServerError

__all__ = ["DATABASE", "Administration", "Engine", "Ports", "find_engine"]

DATABASE = "doselink"
_PACKAGE = "arcadedb_embedded"
_MAIN = "com.arcadedb.server.ArcadeDBServer"
# The whole server's limit for one statement (ms): stops what `guardian` cannot see.
_STATEMENT_LIMIT_MS = 600_000
_HTTP_S = 10.0

_JVM = (
    "--add-modules", "jdk.incubator.vector",
    "--add-exports", "java.management/sun.management=ALL-UNNAMED",
    "--add-opens", "java.base/java.util.concurrent.atomic=ALL-UNNAMED",
    "--add-opens", "java.base/java.nio.channels.spi=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
    "-XX:+UseG1GC",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ports:
    """Loopback ports: Bolt for queries, HTTP for administration."""

    bolt: int
    http: int


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine's Java runtime and its jars, as installed."""

    java: Path
    jars: Path

    def command(self, *, root: Path, password_file: Path, ports: Ports, heap_mb: int) -> list[str]:
        """
        The command that starts the server. No secret stands in it.

        Args:
            root: Folder of its data, configuration and logs.
            password_file: File with the writer's password.
            ports: Where it listens, on loopback only.
            heap_mb: Upper bound of its heap (MiB).
        """
        options = {
            "server.rootPath": root,
            "server.rootPasswordPath": password_file,
            "server.logsDirectory": root / "log",
            "server.mode": "development",
            "server.plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
            "server.defaultDatabases": f"{DATABASE}[]",
            "server.httpIncomingHost": "127.0.0.1",
            "server.httpIncomingPort": ports.http,
            "bolt.host": "127.0.0.1",
            "bolt.port": ports.bolt,
            "bolt.defaultDatabase": DATABASE,
            "command.timeout": _STATEMENT_LIMIT_MS,
            "dateTimeImplementation": "java.time.ZonedDateTime",
            "opencypher.loadCsv.allowFileUrls": "false",
            "opencypher.loadCsv.allowRemoteUrls": "false",
            "polyglotEngineEnabled": "false",
            "serverMetrics": "false",
            "txWalFlush": 0,
        }
        properties = [f"-Darcadedb.{name}={option}" for name, option in options.items()]
        heap = f"-Xmx{heap_mb}m"
        return [str(self.java), heap, *_JVM, "-cp", str(self.jars / "*"), *properties, _MAIN]


def find_engine() -> Engine:
    """
    The installed engine.

    Raises:
        GraphServerError: If the wheel is not installed or holds no Java runtime for this machine.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise GraphServerError(
            "the embedded graph's package is not installed: `pip install arcadedb-embedded==26.10.2.post1`, "
            "or set graph.url in the study file to a Neo4j server"
        )
    folder = Path(next(iter(spec.submodule_search_locations)))
    engine = Engine(java=folder / "jre" / "bin" / "java", jars=folder / "jars")
    if not engine.java.is_file() or not engine.jars.is_dir():
        raise GraphServerError(
            f"{folder} holds no Java runtime for this machine: install the wheel of arcadedb-embedded again, "
            "or set graph.url in the study file to a Neo4j server"
        )
    return engine


@dataclass(frozen=True, slots=True)
class Administration:
    """The server's administration over loopback HTTP, as its writer."""

    port: int
    password: str

    def ready(self) -> bool:
        """Whether the server has opened its database."""
        try:
            self._ask("GET", "/api/v1/ready")
        except OSError:
            return False
        return True

    def make_reader(self, name: str, password: str) -> None:
        """A user whose group may read records and nothing else: the engine does not keep the access mode."""
        group = {
            "database": DATABASE,
            "name": "readers",
            "resultSetLimit": -1,
            "readTimeout": _STATEMENT_LIMIT_MS,
            "access": [],
            "types": {"*": {"access": ["readRecord"]}},
        }
        user = {"name": name, "password": password, "databases": {DATABASE: ["readers"]}}
        self._ask("POST", "/api/v1/server/groups", group)
        self.command(f"create user {json.dumps(user)}")

    def command(self, text: str) -> None:
        """Run a server command."""
        self._ask("POST", "/api/v1/server", {"command": text})

    def _ask(self, method: str, path: str, body: object = None) -> bytes:
        token = base64.b64encode(f"root:{self.password}".encode()).decode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Basic {token}", "Content-Type": "application/json"},
        )
        # Proxies of the environment are for the outside; loopback never goes through them.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=_HTTP_S) as response:
            raw: bytes = response.read()
        return raw
