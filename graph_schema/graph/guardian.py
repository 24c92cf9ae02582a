"""
Stays beside the embedded server for as long as anybody uses it. Started as a process of its own, standard library only.

The guardian starts the server, and ends it when the last user has gone, however the users ended: each of
them holds a shared lock on `users.lock`, which the operating system frees with the process. It starts the
server again when it died, and when a query goes on although the one who asked has gone away: the engine
does not notice a closed connection, and inside some expressions not its own time limit either.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import IO, Any

_POLL_S = 0.2
_ABANDONED_S = 1.5
_STOP_S = 10.0
_MAX_DEATHS = 5
_DEATHS_WITHIN_S = 60.0
_CLOSE_WAIT = "08"
_PR_SET_PDEATHSIG = 1
_DATA_LOCKED = 3
_SERVER_DIED = 4


def main() -> int:
    """
    Guard until nobody is left. The plan comes as JSON on standard input.

    The process that was started returns as soon as the data are locked: 0, or 3 where another server has
    them. What guards is a child of its own session, so that no Ctrl-C meant for the user's command ends it.
    """
    plan = json.loads(sys.stdin.readline())
    folder = Path(plan["folder"])
    os.umask(0o077)
    own = (folder / "server.lock").open("a")
    if not _try_lock(own):
        return _DATA_LOCKED
    if os.fork():
        return 0
    os.setsid()
    (folder / "guardian.pid").write_text(f"{os.getpid()}\n", encoding="ascii")
    return Guardian(folder, plan["command"], bolt_port=plan["bolt_port"]).guard(own)


class Guardian:
    """The loop."""

    def __init__(self, folder: Path, command: list[str], *, bolt_port: int) -> None:
        self._folder = folder
        self._command = command
        self._bolt_port = bolt_port
        self._deaths: list[float] = []
        self._abandoned_since: dict[str, float] = {}
        self._told_to_stop = False

    def guard(self, own: IO[str]) -> int:
        """Run the server until nobody needs it; `own` is the open, locked `server.lock`."""
        signal.signal(signal.SIGTERM, self._stop)
        with (self._folder / "users.lock").open("a") as users:
            server = self._start(own)
            try:
                while not self._told_to_stop and not self._nobody_left(users):
                    time.sleep(_POLL_S)
                    if server.poll() is not None:
                        if not self._may_start_again():
                            return _SERVER_DIED
                        server = self._start(own)
                    elif self._query_abandoned():
                        _end(server, patience_s=0.0)
                        self._abandoned_since.clear()
                        server = self._start(own)
            finally:
                for name in ("server.json", "keep"):
                    (self._folder / name).unlink(missing_ok=True)
                _end(server, patience_s=_STOP_S)
                for name in ("password", "guardian.pid"):
                    (self._folder / name).unlink(missing_ok=True)
        return 0

    def _start(self, own: IO[str]) -> subprocess.Popen[bytes]:
        # The server inherits the lock: as long as either lives, no second server is started on these data.
        with (self._folder / "console.log").open("ab") as console:
            return subprocess.Popen(  # noqa: S603 - the command is made by `embedded`, not from any input
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                pass_fds=(own.fileno(),),
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - this process has one thread
            )

    def _nobody_left(self, users: IO[str]) -> bool:
        if (self._folder / "keep").exists():
            return False
        return _try_lock(users)

    def _may_start_again(self) -> bool:
        now = time.monotonic()
        self._deaths = [when for when in self._deaths if now - when < _DEATHS_WITHIN_S] + [now]
        # A server that never came up says why in console.log; starting it again would only repeat that.
        return len(self._deaths) < _MAX_DEATHS and (self._folder / "server.json").exists()

    def _query_abandoned(self) -> bool:
        now = time.monotonic()
        waiting = _half_closed(self._bolt_port)
        self._abandoned_since = {peer: self._abandoned_since.get(peer, now) for peer in waiting}
        return any(now - since > _ABANDONED_S for since in self._abandoned_since.values())

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._told_to_stop = True


def _half_closed(port: int) -> set[str]:
    """
    Connections to the port whose client has gone while the server still works on their query.

    Known on Linux only; elsewhere the engine's own limit of the whole server has to do.
    """
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            _, local, peer, state, *_ = line.split()
            if state == _CLOSE_WAIT and int(local.rpartition(":")[2], 16) == port:
                found.add(peer)
    return found


def _try_lock(stream: IO[str]) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _end(server: subprocess.Popen[Any], *, patience_s: float) -> None:
    if patience_s:
        server.terminate()
        try:
            server.wait(patience_s)
        except subprocess.TimeoutExpired:
            pass
        else:
            return
    server.kill()
    server.wait()


def _die_with_parent() -> None:
    """On Linux the server also ends when the guardian is killed outright."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
