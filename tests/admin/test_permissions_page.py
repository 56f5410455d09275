"""What docs/permissions.md names is what there is."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission

PAGE = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"


@pytest.mark.django_db
def test_permissions_on_the_page_exist():
    named = set(re.findall(r"`((?:view|add|change|start|cancel|retry|compensate|send|reassign|publish)_\w+)`", PAGE.read_text()))
    held = set(Permission.objects.filter(content_type__app_label="pgworkflows").values_list("codename", flat=True))
    assert named - {"send_event"} <= held
    assert len(named) > 10


def test_permissions_of_our_own_are_on_the_page():
    models = apps.get_app_config("pgworkflows").get_models()
    own = [codename for model in models for codename, _name in model._meta.permissions]
    assert [codename for codename in own if f"`{codename}`" not in PAGE.read_text()] == []
