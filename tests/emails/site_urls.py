"""A project that includes the approval pages."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("approvals/", include("pgworkflows.site.urls")), path("admin/", admin.site.urls)]
