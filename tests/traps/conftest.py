"""Two real connections."""

from tests.store.conftest import connect, watch  # noqa: F401 - fixtures
