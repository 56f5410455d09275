"""The option `--without G2`, and worker processes."""

import pytest

from tests.workers import fleet  # noqa: F401 - a fixture


def pytest_addoption(parser: pytest.Parser) -> None:
    names = [*(f"G{n}" for n in range(1, 11)), "four_eyes"]
    parser.addoption("--without", choices=names, default=None, help="take out the mechanism behind a guarantee")


@pytest.fixture(autouse=True)
def switch(transactional_db, request):
    """Take out what `--without` names, in this process and on this test's database."""
    from tests.guarantees.switches import SWITCHES

    name = request.config.getoption("without", None)
    if name is None:
        yield
        return
    with SWITCHES[name]():
        yield
