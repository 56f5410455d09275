"""Lists that stay fast over a million rows: read-only, newest first, never counted to the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.options import ShowFacets
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from ..conf import conf

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:  # cannot be subscripted at run time
    ModelAdmin = admin.ModelAdmin


class BoundedPaginator(Paginator[Any] if TYPE_CHECKING else Paginator):  # type: ignore[misc] # as ModelAdmin above
    """Counts as far as `most`; what lies beyond is reached by filters and by searching."""

    most = 5_000

    @cached_property
    def _found(self) -> int:
        # The order stays, so that the planner counts along the index that also serves the page.
        return int(self.object_list.values("pk")[: self.most + 1].count())

    @cached_property
    def count(self) -> int:
        """How many rows can be paged through."""
        return min(self._found, self.most)

    @property
    def there_are_more(self) -> bool:
        """Whether rows lie beyond the last page."""
        return self._found > self.most


class NewestFirst(ChangeList):
    """Ordered by the primary key whatever the address asks for: any other order would sort the whole table."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Return the one order."""
        return ["-pk"]


class ReadOnlyAdmin(ModelAdmin):
    """Shows rows of the workflows' database; filters only by what `list_filter` names, so that nothing can be probed."""

    actions = None
    list_per_page = 100
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator = BoundedPaginator
    sortable_by = ()

    class Media:
        css = {"all": ["pgworkflows/pgworkflows.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: rows are made by the verbs."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: rows are changed by the verbs."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: the record stays."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read from the database that holds the tables."""
        return super().get_queryset(request).using(conf().DATABASE)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that is never sorted."""
        return NewestFirst

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Refuse what Django would allow: `?kwargs__card_number__startswith=4` would give away what is hidden."""
        return lookup in {getattr(known, "parameter_name", None) for known in self.list_filter}
