"""Users of another kind."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """A project's users."""

    name = "tests.people"
    label = "people"
