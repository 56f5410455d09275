"""The migration operation that brings one SQL file, and what it makes, up to date."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState

from . import FILES, FOLDER, UNCHECKED, filler, read
from .parts import SIGNATURE, dropping, functions

MIGRATIONS = FOLDER.parent / "migrations"

#: What `migrate` is about to do, by database: migrations, and whether they are taken back.
plans: dict[str, list[tuple[Migration, bool]]] = {}

# DROP FUNCTION takes the grants along: they are kept for what gets the name.
REPLACE = """
DO $$
DECLARE f record; granted jsonb := '[]';
BEGIN
  FOR f IN
    SELECT p.oid::regprocedure AS itself, (
      SELECT jsonb_agg(jsonb_build_object('name', p.proname, 'role', g.grantee::regrole::text))
      FROM aclexplode(p.proacl) g WHERE g.grantee NOT IN (0, p.proowner)) AS grants
    FROM pg_proc p
    WHERE p.pronamespace = to_regnamespace('pgworkflows') AND p.proname = ANY (ARRAY[{names}]::text[])
      AND {signature} <> ALL (ARRAY[{signatures}]::text[])
  LOOP
    granted := granted || COALESCE(f.grants, '[]');
    EXECUTE format('DROP FUNCTION %s CASCADE', f.itself);
  END LOOP;
  PERFORM set_config('pgworkflows.granted', granted::text, true);
END
$$;
"""
GRANT = """
DO $$
DECLARE g record;
BEGIN
  FOR g IN
    SELECT p.oid::regprocedure AS itself, k.role
    FROM jsonb_to_recordset(current_setting('pgworkflows.granted')::jsonb) k(name text, role text)
    JOIN pg_proc p ON p.pronamespace = 'pgworkflows'::regnamespace AND p.proname = k.name
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', g.itself, g.role);
  END LOOP;
END
$$;
"""
END = "\nSET LOCAL check_function_bodies = DEFAULT;\n"


def script(targets: Mapping[str, str | None], connection: BaseDatabaseWrapper) -> str:
    """Return the statements that make the database have these files as they are given here, or not at all where None.

    It may be run again at any time. What earlier copies of the files made and these do not is dropped, and so are functions
    whose signature changed, with their triggers.
    """
    fill = filler(connection)
    texts = {name: fill(text) for name, text in targets.items() if text is not None}
    wanted = [*texts.values(), *(fill(read(f"{name}.sql")) for name in FILES if name not in targets)]
    ever = [*texts.values(), *(fill(text) for name in targets for text in _copies(name))]
    signatures = {function.signature for function in functions(wanted)}
    names = {function.name for function in functions(ever)}
    kept = set(dropping(wanted))
    gone = "\n".join(statement for statement in dict.fromkeys(dropping(ever)) if statement not in kept)
    ours = [texts[name] for name in FILES if name in texts]
    replace = REPLACE.format(signature=SIGNATURE, names=_literals(names), signatures=_literals(signatures))
    rights = [read("rights.sql"), GRANT] if ours else []
    return "\n".join([UNCHECKED, replace, gone, *ours, *rights, END])


def _literals(texts: set[str]) -> str:
    return ",".join(f"\n      '{text}'" for text in sorted(texts))


def _copies(name: str) -> list[str]:
    """Return a file as it is now, and as migrations froze it."""
    return [path.read_text(encoding="utf-8") for path in (FOLDER / f"{name}.sql", *MIGRATIONS.glob(f"*/{name}.sql"))]


def frozen(migration: Migration, name: str) -> str | None:
    """Return the file as it was before a migration, from the folder that is named like it; None where it was not there."""
    path = MIGRATIONS / migration.name / f"{name}.sql"
    return path.read_text(encoding="utf-8") if path.exists() else None


class InstallSQL(Operation):
    """Install a file of `pgworkflows/sql`, as in `InstallSQL("events")` for `events.sql`.

    What is installed is the newest file, whatever migration names it, so of several operations in one plan only the last
    acts, for all of them. Taken back, a migration installs the copy that is frozen beside it, as
    `migrations/0005_queues/events.sql` is for `0005_queues`; a file without one is new, and all that it made is dropped.
    """

    reversible = True
    reduces_to_sql = True
    category = OperationCategory.SQL

    def __init__(self, name: str) -> None:
        if name not in FILES:
            raise ValueError(f"InstallSQL({name!r}): there is no pgworkflows/sql/{name}.sql in the FILES of pgworkflows.sql.")
        self.name = name

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing: functions are no part of a model."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Install what the plan names."""
        steps = self._steps(schema_editor, backwards=False)
        if steps[-1][1] is self:
            self._install(app_label, schema_editor, {step.name: read(f"{step.name}.sql") for _, step in steps})

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Install what was there before the plan's migrations."""
        steps = self._steps(schema_editor, backwards=True)
        if steps[-1][1] is self:
            self._install(app_label, schema_editor, {step.name: frozen(migration, step.name) for migration, step in steps})

    def describe(self) -> str:
        """Say what it does, for `migrate`."""
        return f"Install {self.name}.sql"

    @property
    def migration_name_fragment(self) -> str:
        """Give the migration its name."""
        return f"install_{self.name.replace('/', '_')}"

    def _steps(self, editor: BaseDatabaseSchemaEditor, *, backwards: bool) -> list[tuple[Migration, InstallSQL]]:
        """Return the operations of this kind that one command carries out, in order; `sqlmigrate` has its migration alone."""
        plan = [] if editor.collect_sql else plans.get(editor.connection.alias, [])
        for migrations in ([migration for migration, back in plan if back is backwards], self._own()):
            steps = [
                (migration, step)
                for migration in migrations
                for step in (reversed(migration.operations) if backwards else migration.operations)
                if isinstance(step, InstallSQL)
            ]
            if any(step is self for _, step in steps):
                return steps
        raise LookupError(f"InstallSQL({self.name!r}) is in no migration.")

    def _own(self) -> list[Migration]:
        loader = MigrationLoader(None, load=False)
        loader.load_disk()
        return [migration for migration in loader.disk_migrations.values() if self in migration.operations]

    def _install(self, app_label: str, editor: BaseDatabaseSchemaEditor, targets: Mapping[str, str | None]) -> None:
        """Execute it, or collect it; other databases of a project get the plain tables only."""
        connection = editor.connection
        if connection.vendor != "postgresql" or not router.allow_migrate(connection.alias, app_label):
            return
        text = script(targets, connection)
        if editor.collect_sql:
            editor.collected_sql.append(text)
            return
        with connection.cursor() as cursor:
            cursor.execute(text)
