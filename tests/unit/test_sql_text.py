"""SQL is read from left to right: transaction control is seen wherever it stands, and nowhere else."""

import pytest

from pgworkflows.execution.sql_text import ends_transaction, only_reads, statements

BODY = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END"

ENDING = [
    "COMMIT",
    "-- don't\nCOMMIT",
    "SELECT 1; -- don't\nCOMMIT; BEGIN; SELECT 1 -- that's it",
    r"SELECT E'\''; COMMIT; BEGIN; SELECT ''",
    "SELECT E'x'\n  '\\''; COMMIT; SELECT ''",
    "SELECT E'x' -- c\n '\\''; COMMIT; SELECT ''",
    r"SELECT U&'\'; COMMIT; SELECT ''",
    "/* a /* b */ ' */ commit",
    "SELECT 1; /* x */ END",
    "SELECT $$ ' $$; COMMIT",
    "SELECT $a$ $$ ' $a$; COMMIT",
    "SELECT $😀$ ' $😀$; COMMIT",
    "SELECT a😀$$; COMMIT; SELECT $$",
    "SELECT 1 AS a$$; COMMIT; SELECT '$$'",
    "SELECT \"a'\"; COMMIT; SELECT ''",
    "start /* x */ transaction",
    "prepare transaction 'x'",
    "ROLLBACK WORK",
    "SELECT 1;;;ROLLBACK AND CHAIN",
    "abort;",
    f"{BODY}; COMMIT",
]
HARMLESS = [
    "SELECT 'a; commit', '; end'",
    "DO $$ BEGIN PERFORM 1; END; $$",
    "ROLLBACK WORK TO SAVEPOINT x",
    r"SELECT E'\'; COMMIT; '",
    "SELECT E'a'\n'\\'; COMMIT; '",
    "SELECT '''; COMMIT'",
    "/* ; COMMIT */ SELECT 1",
    "-- x ; COMMIT",
    'SELECT "; COMMIT"',
    "SELECT $q$; COMMIT; $q$",
    "SELECT commit FROM t",
    "PREPARE x AS SELECT 1",
    "  ; ",
    f"{BODY}; SELECT 1",
]


@pytest.mark.parametrize("sql", ENDING)
def test_transaction_control_is_seen(sql):
    assert any(ends_transaction(statement) for statement in statements(sql))


@pytest.mark.parametrize("sql", HARMLESS)
def test_what_is_quoted_is_no_transaction_control(sql):
    assert not any(ends_transaction(statement) for statement in statements(sql))


def test_backslashes_escape_where_the_session_says_so():
    sql = r"SELECT '\''; COMMIT; SELECT ''"
    assert not any(ends_transaction(statement) for statement in statements(sql))
    assert any(ends_transaction(statement) for statement in statements(sql, backslashes=True))


READING = [
    "(SELECT 1)", "WITH x AS (SELECT 1) SELECT * FROM x", "EXPLAIN DELETE FROM x", "SELECT 1 FOR UPDATE", "COPY t TO STDOUT",
]  # fmt: skip
WRITING = [
    "INSERT INTO x VALUES (1)", "WITH x AS (DELETE FROM y RETURNING 1) SELECT 1", "WITH x AS (SELECT 1) INSERT INTO y SELECT 1",
    "EXPLAIN ANALYZE DELETE FROM x", "SELECT 1; DELETE FROM x", "SELECT 1 INTO t", "COPY t FROM STDIN", "TRUNCATE x",
]  # fmt: skip


@pytest.mark.parametrize(("sql", "reads"), [(sql, True) for sql in READING] + [(sql, False) for sql in WRITING])
def test_reading_is_told_from_writing(sql, reads):
    assert only_reads(sql) is reads
