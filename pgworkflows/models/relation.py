"""The reverse of `Workflow.subject`."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
from django.db.models.expressions import Col
from django.db.models.lookups import Exact
from django.db.models.sql.where import AND, WhereNode

from .workflow import Workflow


class ExactAsText(Exact):
    """Compare a subject's id with another row's key, which may be a number or a UUID."""

    def process_rhs(self, compiler: Any, connection: Any) -> Any:
        """Cast what is a column."""
        text, parameters = super().process_rhs(compiler, connection)
        return (text if self.rhs_is_direct_value() else f"({text})::text"), parameters


SUBJECT_ID = Workflow._meta.get_field("subject_id")
SUBJECT_ID.register_lookup(ExactAsText)


class WorkflowRelation(GenericRelation):
    """Give a business model `order.workflows`, with prefetch and filters; deleting the order deletes no workflow."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs |= {"content_type_field": "subject_type", "object_id_field": "subject_id", "for_concrete_model": False}
        super().__init__("pgworkflows.Workflow", **kwargs)

    def bulk_related_objects(self, objs: Any, using: str = "default") -> models.QuerySet[Workflow]:
        """Return nothing for the deletion collector: the record of what happened stays."""
        return Workflow._base_manager.none()

    def get_joining_fields(self, reverse_join: bool = False) -> tuple[()]:
        """Leave the join to `get_extra_restriction`: text and integer keys do not compare."""
        return ()

    def get_extra_restriction(self, alias: str | None, remote_alias: str) -> WhereNode:
        """Join on the subject's type and on its primary key as text."""
        where = super().get_extra_restriction(alias, remote_alias)
        if alias is None:  # exclude() trims the join, and compares the keys with a lookup of its own
            return where
        same = ExactAsText(Col(remote_alias, SUBJECT_ID), Col(alias, self.model._meta.pk))
        return WhereNode([where, same], connector=AND)  # type: ignore[list-item] # any expression may stand in a WHERE
