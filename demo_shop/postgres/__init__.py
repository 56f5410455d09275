"""A PostgreSQL server of one's own, from the binaries of a wheel: for the demo, the tests and the benchmarks."""

from demo_shop.postgres.install import EmbeddedPostgresError
from demo_shop.postgres.server import EmbeddedPostgres, default_data_dir

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "default_data_dir"]
