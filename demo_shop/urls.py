"""Addresses of the demo shop's project."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("django.contrib.auth.urls")),
    path("approvals/", include("pgworkflows.site.urls")),
    path("api/", include("pgworkflows.api.urls")),
    path("", include("demo_shop.addresses")),
]
