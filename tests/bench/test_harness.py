"""The harness measures whole processes, alternates them and gives honest ratios."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bench import __main__ as command
from bench.cases import FRESH, Bench, Case, Peer
from bench.compare import CaseResult, Spread, alternate
from bench.machine import machine_facts
from bench.measure import BenchFailed, Measurement, measure
from bench.names import BENCHES
from bench.tell import as_lines

PYTHON = sys.executable
GRAB_80_MIB = "import time; grabbed = bytearray(80 << 20); time.sleep(0.2)"


def sleeper(name: str, seconds: float) -> Peer:
    return Peer(name, (PYTHON, "-S", "-c", f"import time; time.sleep({seconds})"))


def test_a_process_is_measured_from_start_to_end(tmp_path: Path) -> None:
    found = measure((PYTHON, "-S", "-c", "import time; time.sleep(0.3)"), cwd=tmp_path)
    assert 0.3 <= found.wall_s < 60.0
    assert found.cpu_s < 0.3
    assert found.printed is None


def test_memory_of_a_child_of_the_process_counts(tmp_path: Path) -> None:
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {GRAB_80_MIB!r}], check=True)"
    assert measure((PYTHON, "-S", "-c", nested), cwd=tmp_path).peak_rss_bytes > 80 << 20


def test_memory_of_a_server_that_left_the_family_counts(tmp_path: Path) -> None:
    leave = (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        f"        {GRAB_80_MIB}; os._exit(0)\n    os._exit(0)\nos.wait(); time.sleep(0.5)"
    )
    assert measure((PYTHON, "-S", "-c", leave), cwd=tmp_path).peak_rss_bytes > 80 << 20


def test_what_a_process_prints_is_kept(tmp_path: Path) -> None:
    printed = measure((PYTHON, "-S", "-c", "print('{\"n\": 3}')"), cwd=tmp_path, reads_json=True).printed
    assert printed == {"n": 3}


def test_a_process_that_prints_no_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchFailed, match="printed no JSON"):
        measure((PYTHON, "-S", "-c", "print('done')"), cwd=tmp_path, reads_json=True)


def test_a_process_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(BenchFailed, match=r"ended with 3:\nout of luck"):
        measure((PYTHON, "-S", "-c", "import sys; print('out of luck', file=sys.stderr); sys.exit(3)"), cwd=tmp_path)


def test_peers_alternate_and_the_order_turns(tmp_path: Path) -> None:
    said: list[str] = []
    case = Case("pair", (sleeper("a", 0.0), sleeper("b", 0.0)), amount=1, unit="naps")
    alternate(case, rounds=3, cwd=tmp_path, said=said.append)
    assert [line.split(", ")[2][0] for line in said] == ["a", "b", "b", "a", "a", "b"]


def test_every_measurement_gets_a_fresh_folder_that_goes_away(tmp_path: Path) -> None:
    program = "import json, os, sys; print(json.dumps([sys.argv[1], os.listdir(sys.argv[1])]))"
    before = (PYTHON, "-S", "-c", "import sys; open(sys.argv[1] + '/made', 'w').close()", FRESH)
    peer = Peer("a", (PYTHON, "-S", "-c", program, FRESH), before=(before,), reads_json=True)
    runs = alternate(Case("one", (peer,), amount=1, unit="looks"), rounds=2, cwd=tmp_path).runs["a"]
    folders = {run.printed[0] for run in runs if isinstance(run.printed, list)}
    assert [run.printed[1] for run in runs if isinstance(run.printed, list)] == [["made"], ["made"]]
    assert len(folders) == 2
    assert not any(Path(folder).exists() for folder in folders)


@pytest.fixture
def result() -> CaseResult:
    case = Case("case", (sleeper("slow", 0), sleeper("fast", 0)), amount=100, unit="files")
    slow = [Measurement(wall, 1.0, 400) for wall in (10.0, 12.0, 9.0)]
    fast = [Measurement(wall, 1.0, 100) for wall in (5.0, 3.0, 3.0)]
    return CaseResult(case, {"slow": slow, "fast": fast})


def test_ratios_are_taken_round_by_round(result: CaseResult) -> None:
    assert result.times_as_fast("fast") == Spread(low=2.0, median=3.0, high=4.0, n=3)
    assert result.memory_ratio("fast") == Spread(low=0.25, median=0.25, high=0.25, n=3)


def test_the_rate_is_that_of_the_median_round(result: CaseResult) -> None:
    assert result.an_hour("fast") == 120_000.0


def test_the_lines_name_the_machine_and_both_ends_of_the_ratio(result: CaseResult) -> None:
    facts = machine_facts(Path(__file__).parents[2])
    lines = list(as_lines(facts, [result]))
    assert str(facts["python"]) in lines[0]
    assert "3.00x (2.00 to 4.00) as fast as slow, 0.25x (0.25 to 0.25) its memory" in lines[-1]


def test_list_names_every_bench(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[::2]] == list(BENCHES)


def test_an_unknown_bench_is_refused_with_the_names(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        command.main(["rnu"])
    assert left.value.code == 2
    assert "rdsr: 1k, 4k" in capsys.readouterr().err


def test_a_bench_writes_every_measurement_and_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    naps = Bench("naps", "How long is a nap?", ("short",), lambda name, _: Case(name, (sleeper("a", 0.01),), 1, "naps"))
    monkeypatch.setitem(BENCHES, "naps", naps)
    out = tmp_path / "naps.json"
    assert command.main(["naps", "--rounds", "2", "--json", str(out), "--data", str(tmp_path / "data")]) == 0
    document = json.loads(out.read_text(encoding="utf-8"))
    assert document["cases"][0]["peers"][0]["wall_s"]["n"] == 2
    assert len(document["cases"][0]["peers"][0]["runs"]) == 2
    assert {"processor", "n_usable", "memory_gib", "packages", "commit"} <= document["machine"].keys()
