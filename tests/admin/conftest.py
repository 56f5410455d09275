"""Members of staff with just these rights, and workflows to look at."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from pgworkflows.models import Workflow
from tests.admin.staged import fails, ran, waits


@pytest.fixture
def staff(db) -> Callable[..., Client]:
    """Log a member of staff in who holds these permissions, and no others."""

    def log_in(*codenames: str, name: str = "ada", **client: Any) -> Client:
        user = User.objects.create_user(name, is_staff=True)
        granted = Permission.objects.filter(content_type__app_label__in=["pgworkflows", "demo_shop"], codename__in=codenames)
        assert len(granted) == len(set(codenames)), f"not all of {codenames} are permissions"
        user.user_permissions.set(granted)
        browser = Client(**client)
        browser.force_login(user)
        return browser

    return log_in


@pytest.fixture
def viewer(staff) -> Client:
    return staff("view_workflow")


@pytest.fixture
def operator(staff) -> Client:
    return staff("view_workflow", "cancel_workflow", "retry_workflow", "compensate_workflow", "send_event")


@pytest.fixture
def waiting(db) -> Workflow:
    return ran(waits.using(key="W1").start())


@pytest.fixture
def failed(db) -> Workflow:
    return ran(fails.using(key="F1").start())
