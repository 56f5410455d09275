"""An app of a shop on Oscar; its migration starts a workflow for every order."""

from django.apps import AppConfig


class OscarFlowConfig(AppConfig):
    name = "tests.oscar"
    label = "flow"
