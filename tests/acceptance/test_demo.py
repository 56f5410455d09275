"""The demo as a newcomer types it: a table of outcomes, and nothing left behind."""

import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile

from demo_shop.demonstration.processes import CHECKOUT

DEMO = [sys.executable, str(CHECKOUT / "manage.py"), "demo"]
TABLE = re.compile(
    r"Outcomes\n"
    r"  Orders placed, back orders included +(?P<placed>\d+)\n"
    r"  Completed +(?P<completed>\d+)\n"
    r"  Compensated +(?P<compensated>\d+)\n"
    r"  Waiting for approval, on purpose +2\n"
    r"  Waiting for delivery, on purpose +2\n"
)


def run_demo(environment: dict[str, str]) -> str:
    done = subprocess.run(DEMO, env={**os.environ, **environment}, text=True, capture_output=True, check=False, timeout=150)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Open the shop; returns the process and what it printed until it was open."""
    command = [*DEMO, "--serve", "--port", "0"]
    own = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | environment
    with subprocess.Popen(command, env=own, text=True, stdout=subprocess.PIPE) as demo:
        try:
            said = list(takewhile(lambda line: line != "Ctrl-C stops everything.\n", demo.stdout))
            yield demo, "".join(said)
        finally:
            demo.terminate()
            try:
                demo.communicate(timeout=60)
            finally:
                demo.kill()


def test_demo_reconciles_twice_in_a_row(separate_project):
    for _ in range(2):
        said = run_demo(separate_project)
        counts = {name: int(number) for name, number in TABLE.search(said).groupdict().items()}
        assert counts["placed"] == counts["completed"] + counts["compensated"] + 4
        assert "SIGKILL for worker 1" in said
        assert "Ordered for 1325.00: two desks, agreed by manager and finance" in said
        assert "WRONG" not in said
        assert "Everything adds up. Open the shop with: " in said


def test_shop_opens_and_closes(separate_project):
    with serving(separate_project) as (demo, said):
        url = re.search(r"Shop +(http://\S+)", said)[1]
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        assert "Oak chair" in "".join(opener.open(f"{url}?page={page}").read().decode() for page in (1, 2, 3))
        assert "admin / demo-shop" in said
    assert demo.returncode == 0
