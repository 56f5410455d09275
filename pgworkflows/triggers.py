"""Starting and waking workflows by triggers, whoever writes the row: the ORM, a bulk update, or psql."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet, FieldError, FullResultSet
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.utils import truncate_name
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState
from django.db.models.expressions import BaseExpression, Combinable
from django.db.models.sql import Query

from .conf import conf

# The WHEN clause is compiled when the trigger is made, so a later search_path cannot change what it means.
CREATE = """
CREATE FUNCTION pgworkflows.{name}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS {body};
-- Or any login could hang it on a table of its own, and start workflows.
REVOKE EXECUTE ON FUNCTION pgworkflows.{name}() FROM PUBLIC;
CREATE TRIGGER {name} AFTER {on} ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION pgworkflows.{name}()
"""
DROP = """
DROP TRIGGER {name} ON {table};
DROP FUNCTION pgworkflows.{name}()
"""
WAKE = """
CREATE TRIGGER {name} AFTER INSERT OR UPDATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.wake_waits({label})
"""
WAKE_NO_MORE = "DROP TRIGGER {name} ON {table}"
BODY = """
BEGIN
  PERFORM pgworkflows.start(
    name => {workflow}, kwargs => {kwargs}, key => {key}, subject => {subject}, requested_by => pgworkflows.actor());
  RETURN NULL;
END
"""


class _Trigger(Operation):
    """A trigger on a model's table: no part of the model."""

    reversible = True
    reduces_to_sql = True
    category = OperationCategory.ADDITION

    def __init__(self, model: str, name: str) -> None:
        self.model, self.name = model, truncate_name(name.lower(), 63)
        if model.count(".") != 1:
            raise ValueError(f"{type(self).__name__}({model!r}): name the model as 'app_label.Model'.")

    @property
    def _call(self) -> str:
        return f"{type(self).__name__}({self.model!r})"

    @property
    def migration_name_fragment(self) -> str:
        """Give the migration its name."""
        return self.name

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing: a trigger is no part of a model."""

    def _model(self, editor: BaseDatabaseSchemaEditor, state: ProjectState) -> type[models.Model] | None:
        """Return the model at this point of the history; None where the router keeps it out of this database."""
        try:
            model: type[models.Model] = state.apps.get_model(self.model)
        except LookupError as error:
            raise ValueError(f"{self._call}: {error} Does the migration depend on the one that creates the model?") from error
        alias = editor.connection.alias
        if not self.allow_migrate_model(alias, model):
            return None
        if alias != conf().DATABASE:
            raise ValueError(f"{self._call}: the rows are in database {alias!r}, the workflows in {conf().DATABASE!r}.")
        return model

    def _require(self, function: str, editor: BaseDatabaseSchemaEditor) -> None:
        with editor.connection.cursor() as cursor:
            cursor.execute("SELECT to_regproc(%s) IS NULL", [f"pgworkflows.{function}"])
            missing = cursor.fetchone()[0]
        if missing and not editor.collect_sql:
            raise ValueError(
                f"{self._call}: pgworkflows has not been migrated yet. "
                "Add ('pgworkflows', '0002_functions_and_guards') to the migration's dependencies."
            )

    def _execute(self, editor: BaseDatabaseSchemaEditor, template: str, model: type[models.Model], **clauses: str) -> None:
        quote = editor.connection.ops.quote_name
        editor.execute(template.format(name=quote(self.name), table=quote(model._meta.db_table), **clauses), params=None)


class StartWorkflowOn(_Trigger):
    """Start a workflow in the transaction that inserts a row, or that makes `when` become true of it.

    `kwargs` and `key` are values, or expressions on the row such as `F("pk")`. The row is the workflow's subject, and who
    acts is its requester, as `acting_as`, `ActorMiddleware` or the setting `pgworkflows.actor` says. The migration depends on
    pgworkflows' own. Several for one model and workflow need different `name`s. A column that is to be renamed needs a new
    trigger: `RemoveStartWorkflowOn` with the same arguments before, `StartWorkflowOn` after.
    """

    def __init__(
        self,
        model: str,
        workflow: str,
        *,
        on: str,
        when: models.Q | None = None,
        kwargs: Mapping[str, Any] | None = None,
        key: Any = None,
        name: str | None = None,
    ) -> None:
        if on not in ("insert", "update"):
            raise ValueError(f"StartWorkflowOn(on={on!r}): it is 'insert' or 'update'.")
        if on == "update" and not when:
            raise ValueError("StartWorkflowOn(on='update') needs when=: the workflow starts when that becomes true.")
        self.workflow, self.on, self.when = workflow, on, when
        self.kwargs, self.key = dict(kwargs or {}), key
        super().__init__(model, name or f"start_{workflow.replace('.', '_')}_on_{model.replace('.', '_')}_{on}")

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Make the trigger."""
        model = self._model(schema_editor, to_state)
        if model is not None:
            self._require("start", schema_editor)
            self._execute(schema_editor, CREATE, model, **self._clauses(schema_editor, model))

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Take the trigger away."""
        model = self._model(schema_editor, to_state)
        if model is not None:
            self._execute(schema_editor, DROP, model)

    def describe(self) -> str:
        """Say what it does, for `migrate`."""
        return f"Start {self.workflow} on {self.on} of {self.model}"

    @property
    def _call(self) -> str:
        return f"StartWorkflowOn({self.model!r}, {self.workflow!r})"

    def _clauses(self, editor: BaseDatabaseSchemaEditor, model: type[models.Model]) -> dict[str, str]:
        row = _Row(self._call, model, editor)
        when = row.condition(self.when, "new") if self.when else "true"
        if self.on == "update":
            when = f"({when}) AND ({row.condition(self.when, 'old')}) IS NOT TRUE"
        pairs = [f"{row.literal(name)}, {row.value(f'kwargs[{name!r}]', value)}" for name, value in self.kwargs.items()]
        body = BODY.format(
            workflow=row.literal(self.workflow),
            kwargs=f"jsonb_build_object({', '.join(pairs)})",
            key="NULL" if self.key is None else f"({row.value('key', self.key)} #>> '{{}}')",
            subject=f"{row.literal(f'{model._meta.label_lower}:')} || ({row.value('pk', models.F('pk'))} #>> '{{}}')",
        )
        return {"on": self.on.upper(), "when": when, "body": row.literal(body)}


class RemoveStartWorkflowOn(StartWorkflowOn):
    """Take away the trigger that `StartWorkflowOn` made with the same arguments."""

    category = OperationCategory.REMOVAL
    database_forwards = StartWorkflowOn.database_backwards
    database_backwards = StartWorkflowOn.database_forwards

    def describe(self) -> str:
        """Say what it does, for `migrate`."""
        return f"No longer start {self.workflow} on {self.on} of {self.model}"

    @property
    def migration_name_fragment(self) -> str:
        """Give the migration its name."""
        return f"remove_{self.name}"


class WakeWaits(_Trigger):
    """Let `wait_for_row` look as soon as a transaction has written the model's table.

    A statement that inserts or updates looks into an index once, whatever it writes, and does more only while a workflow waits
    for a row of this model. The migration depends on pgworkflows' own.
    """

    def __init__(self, model: str) -> None:
        super().__init__(model, f"wake_waits_for_{model.replace('.', '_')}")

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Make the trigger."""
        model = self._model(schema_editor, to_state)
        if model is not None:
            self._require("wake_waits", schema_editor)
            self._execute(schema_editor, WAKE, model, label=_Row(self._call, model, schema_editor).literal(model._meta.label))

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Take the trigger away."""
        model = self._model(schema_editor, to_state)
        if model is not None:
            self._execute(schema_editor, WAKE_NO_MORE, model)

    def describe(self) -> str:
        """Say what it does, for `migrate`."""
        return f"Wake workflows that wait for rows of {self.model}"


class _Row:
    """SQL on the row that fired a trigger, compiled and quoted by Django."""

    def __init__(self, call: str, model: type[models.Model], editor: BaseDatabaseSchemaEditor) -> None:
        self.call, self.model, self.connection = call, model, editor.connection

    def literal(self, value: Any) -> str:
        """Return a value as SQL."""
        return self._compose("%s", (value,))

    def condition(self, when: Any, row: str) -> str:
        """Return a Q on NEW or OLD."""
        query = Query(self.model)
        try:
            node = query.build_where(when)
        except FieldError as error:
            raise self._wrong("when", error) from error
        return self._compile("when", query, node, row)

    def value(self, where: str, given: Any) -> str:
        """Return an expression on NEW, or a plain value, as jsonb."""
        given = given.value if isinstance(given, models.Value) else given
        if not isinstance(given, BaseExpression | Combinable):
            try:
                return f"{self.literal(json.dumps(given))}::jsonb"
            except TypeError as error:
                raise self._wrong(where, error) from error
        query = Query(self.model)
        try:
            node = given.resolve_expression(query, allow_joins=False)  # type: ignore[union-attr] # all of them have it
            exact = isinstance(node.output_field, models.DecimalField)
        except FieldError as error:
            raise self._wrong(where, error) from error
        # As text, a number keeps its digits on the way through JSON.
        return f"to_jsonb({self._compile(where, query, node, 'new')}{'::text' if exact else ''})"

    def _compile(self, where: str, query: Query, node: Any, row: str) -> str:
        table = self.model._meta.db_table
        if any(alias != table and query.alias_refcount[alias] for alias in query.alias_map) or _asks_other_rows(node):
            raise self._wrong(where, "a trigger sees the columns of its own row only")
        try:
            text, parameters = query.get_compiler(connection=self.connection).compile(node.relabeled_clone({table: row}))
        except EmptyResultSet:
            return "false"
        except FullResultSet:
            return "true"
        return self._compose(text, parameters)

    def _compose(self, text: str, parameters: Any) -> str:
        return str(self.connection.ops.compose_sql(text, tuple(parameters)))  # type: ignore[attr-defined] # PostgreSQL's

    def _wrong(self, where: str, problem: object) -> ValueError:
        return ValueError(f"{self.call}: {where}: {problem}")


def _asks_other_rows(node: Any) -> bool:
    if any(getattr(node, sign, False) for sign in ("subquery", "contains_aggregate", "contains_over_clause")):
        return True
    return any(_asks_other_rows(part) for part in getattr(node, "get_source_expressions", list)() if part is not None)
