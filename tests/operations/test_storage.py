"""What the server is told about the hot tables."""

import pytest

from pgworkflows.store.workers import beat, register

UPDATES = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'pgworkflows_worker'"


def test_heartbeats_update_in_place(transactional_db, execute):
    worker = register("w", queues=[], definitions={}, direct=False, lease=30)
    before = execute("SELECT ctid FROM pgworkflows_worker WHERE id = %s", worker)
    execute("SELECT pg_stat_force_next_flush()")
    [(updated, in_place)] = execute(UPDATES)
    for _ in range(20):
        beat(worker)
    assert execute("SELECT ctid FROM pgworkflows_worker WHERE id = %s", worker) != before
    execute("SELECT pg_stat_force_next_flush()")
    [(updated_then, in_place_then)] = execute(UPDATES)
    assert updated_then - updated >= 20
    assert in_place_then - in_place >= updated_then - updated - 2


@pytest.mark.parametrize("table", ["workflow", "task", "event"])
def test_hot_tables_are_vacuumed_early(db, execute, table):
    [(options,)] = execute("SELECT reloptions FROM pg_class WHERE relname = %s", f"pgworkflows_{table}")
    factor = dict(option.split("=") for option in options)["autovacuum_vacuum_scale_factor"]
    assert float(factor) <= 0.02
