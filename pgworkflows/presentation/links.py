"""Addresses: of pages in an admin site, quoted as the admin quotes keys, and absolute ones for e-mails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import global_settings, settings
from django.contrib.admin.utils import quote
from django.db.models import Model
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve, reverse, set_script_prefix

from ..conf import conf

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite


def admin_sites(first: AdminSite | None = None) -> Iterator[AdminSite]:
    """Yield the project's admin sites, `first` before Django's own before the others; none where the admin is not installed."""
    if not apps.is_installed("django.contrib.admin"):
        return
    from django.contrib.admin import site
    from django.contrib.admin.sites import all_sites

    own = first if first is not None else site
    others = sorted((other for other in all_sites if other.name not in (own.name, site.name)), key=lambda other: other.name)
    yield own
    if own.name != site.name:
        yield site
    yield from others


def in_admin(site: AdminSite, page: str, *arguments: Any) -> str:
    """Return the address of one of this site's pages; empty where the project's addresses have none."""
    try:
        return reverse(f"{site.name}:{page}", args=[quote(argument) for argument in arguments])
    except NoReverseMatch:
        return ""


def row_in_admin(
    model: type[Model] | None, key: Any, request: HttpRequest, first: AdminSite | None = None, row: Model | None = None
) -> str:
    """Return the address of a row in the first admin site that has a page for it and for this viewer; else empty."""
    for site in admin_sites(first):
        registered = site._registry.get(model) if model is not None else None
        if registered is None or not site.has_permission(request) or not registered.has_view_permission(request, row):
            continue
        address = in_admin(site, f"{registered.opts.app_label}_{registered.opts.model_name}_change", key)
        if address:
            return address
    return ""


def login_address() -> str:
    """Return where people log in: LOGIN_URL; where it was never set and leads nowhere, an admin's login; else empty."""
    if settings.LOGIN_URL != global_settings.LOGIN_URL:
        return resolve_url(settings.LOGIN_URL)
    try:
        resolve(settings.LOGIN_URL)
    except Resolver404:
        return next((page for site in admin_sites() if (page := in_admin(site, "login"))), "")
    return resolve_url(settings.LOGIN_URL)


def absolute(view: str, *arguments: Any) -> str:
    """Return the address of a view from BASE_URL on; raise NoReverseMatch where the project's addresses have none."""
    with _script_name():
        return _after_base(reverse(view, args=arguments))


def absolute_in_admin(model: type[Model], key: Any) -> str:
    """Return the absolute address of a row in the first admin site that has a page for it; else empty."""
    with _script_name():
        pages = (in_admin(site, f"{model._meta.app_label}_{model._meta.model_name}_change", key) for site in admin_sites())
        return next((_after_base(page) for page in pages if page), "")


@contextmanager
def _script_name() -> Iterator[None]:
    """Put addresses below FORCE_SCRIPT_NAME: Django does so for the threads of requests, not for a worker's."""
    before = get_script_prefix()
    set_script_prefix(settings.FORCE_SCRIPT_NAME or before)
    try:
        yield
    finally:
        set_script_prefix(before)


def _after_base(path: str) -> str:
    """Join an address to BASE_URL, which may name the script as well."""
    base, script = conf().BASE_URL.rstrip("/"), (settings.FORCE_SCRIPT_NAME or "").rstrip("/")
    return (base.removesuffix(script) if script and urlsplit(base).path == script else base) + path
