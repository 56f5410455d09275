"""A run: who is measured when, what a failure does, and that it leaves nothing behind."""

import os
import subprocess
import sys

import psutil
import pytest

from benchmarks import __main__ as program
from benchmarks import pair
from benchmarks.figures import Figure, Key, Results
from benchmarks.peers import PEERS
from benchmarks.run import Contender, Run
from benchmarks.sizes import QUICK
from tests.workers import ROOT, until


def contender(subject, measured, **options):
    def measure():
        measured.append(subject)
        yield Figure(key=Key(workload="W2", subject=subject, name="orders"), value=1.0, unit="orders/s")

    return Contender(subject=subject, measure=measure, **options)


def failing(**options):
    def measure():
        raise RuntimeError("it broke")
        yield

    return Contender(subject="broken", measure=measure, **options)


@pytest.fixture
def run():
    return Run(server=None, sizes=QUICK, processes=(1,), peers=(), results=Results())


def test_order_turns_round_in_every_other_round(monkeypatch, run):
    measured = []
    listed = [contender("a", measured), contender("b", measured), contender("c", measured, once=True)]
    monkeypatch.setattr(program, "contenders", lambda *_: listed)
    program.measure(run, ["W2"], 3)
    assert measured == ["a", "b", "c", "b", "a", "a", "b"]
    assert [len(rounds) for rounds in run.results.rounds.values()] == [3, 3, 1]


def test_our_failure_fails_and_a_peer_s_does_not(run):
    program.measure_one(run.results, 1, "W2", failing())
    program.measure_one(run.results, 1, "W2", failing(peer=True))
    assert [text.splitlines()[-1] for text in run.results.failed] == ["RuntimeError: it broke"]
    assert [text.splitlines()[-1] for text in run.results.left_out] == ["RuntimeError: it broke"]


def test_peer_that_is_not_installed_is_named(monkeypatch, run):
    monkeypatch.setitem(PEERS, "dbos", ("no_such_module",))
    assert program.take_part(["dbos"], run.results) == ()
    assert run.results.left_out == ["dbos is left out: no_such_module not installed (benchmarks/requirements.txt)"]


def test_unknown_workload_is_refused(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--only", "W99"])
    with pytest.raises(SystemExit):
        program.parse_arguments()
    assert "there is no workload W99; there are W1, W2, W2f, W2n," in capsys.readouterr().err


DIES = """
import os, signal, subprocess
from benchmarks.subprocesses import start
child = start(["sh", "-c", "sleep 300 & echo $!; wait"], stdout=subprocess.PIPE)
print(child.stdout.readline().strip(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_run_leaves_no_process():
    done = subprocess.run([sys.executable, "-c", DIES], cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=60)
    sleeper = int(done.stdout)
    assert done.returncode == -9
    until(lambda: not psutil.pid_exists(sleeper) or psutil.Process(sleeper).status() == psutil.STATUS_ZOMBIE, "it is gone")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs the commits")
def test_pair_takes_only_the_package_from_the_other_commit():
    found = "import django.__main__, pgworkflows, benchmarks; print(pgworkflows.__file__, benchmarks.__file__)"
    with pair.package_of("HEAD") as root:
        done = subprocess.check_output([sys.executable, "-c", found], cwd=ROOT, env=os.environ | pair.paths(root), text=True)
        assert done.split() == [str(root / "pgworkflows/__init__.py"), str(ROOT / "benchmarks/__init__.py")]
