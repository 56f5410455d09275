"""`python -m tests.guarantees`: each guarantee's tests must fail without the mechanism that they are about."""

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"  # which starts a server for all, if none is given
django.setup()

from tests.guarantees.switches import SWITCHES  # noqa: E402 - needs the settings

HERE = Path(__file__).resolve().parent


def failures_without(name: str, report: Path) -> tuple[int, int, int, int]:
    """Run one guarantee's file with its switch; return pytest's exit status, and how many ran, failed and broke."""
    (path,) = HERE.glob(f"test_g{int(name[1:]):02}_*.py" if name.startswith("G") else f"test_{name}.py")
    command = [sys.executable, "-m", "pytest", str(path), "--without", name, "-q", f"--junitxml={report}", "--create-db"]
    done = subprocess.run(command, cwd=HERE.parent.parent, capture_output=True, text=True, check=False)
    counts = ElementTree.parse(report).getroot()[0].attrib if report.exists() else {}
    ran, failed, broke = (int(counts.get(key, 0)) for key in ("tests", "failures", "errors"))
    if done.returncode != 1 or not failed or broke:
        print(done.stdout[-8000:], done.stderr[-2000:])  # noqa: T201 - a command
    return done.returncode, ran, failed, broke


def main() -> int:
    """Print a table; return 0 if all failed as they should."""
    missed = []
    for name, switch in SWITCHES.items():
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            status, ran, failed, broke = failures_without(name, Path(folder) / "report.xml")
        # Opening, listing and deciding all stand on this one.
        wanted = ran if name == "four_eyes" else 1
        good = status == 1 and failed >= wanted and broke == 0
        missed += [] if good else [name]
        verdict = f"{failed} of {ran} tests fail" if good else f"NOT AS WANTED: pytest {status}, {failed} failed, {broke} errors"
        print(f"{name:9} {switch.__name__:30} {verdict:24} {time.monotonic() - began:5.1f} s", flush=True)  # noqa: T201 - a command
    print(f"Not noticed: {', '.join(missed)}." if missed else "Every switch was noticed.")  # noqa: T201 - a command
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
