"""Liveness and readiness, as a load balancer asks."""

import pytest
from django.db import connection, connections
from django.test import override_settings
from django.urls import include, path

urlpatterns = [path("health/", include("pgworkflows.health"))]
LOGIN_REQUIRED = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
]


@pytest.fixture(autouse=True)
def addresses():
    with override_settings(ROOT_URLCONF=__name__):
        yield


def answer(client, name):
    got = client.get(f"/health/{name}/")
    return got.status_code, got.content


@pytest.fixture
def cut_off(transactional_db, monkeypatch):
    """Let the database be where nobody listens."""
    connection.close()
    with monkeypatch.context() as patched:
        patched.setitem(connections["default"].settings_dict, "PORT", "1")
        yield
        connection.close()


def test_live_needs_no_database(client):
    assert answer(client, "live") == (200, b"ok\n")


@pytest.mark.django_db
def test_ready_with_a_migrated_database(client):
    assert answer(client, "ready") == (200, b"ok\n")


@pytest.mark.django_db
def test_not_ready_before_migrating(client, execute):
    execute("ALTER TABLE pgworkflows_workflow RENAME TO elsewhere")
    assert answer(client, "ready") == (503, b"not ready\n")


@pytest.mark.parametrize("atomic", [False, True])
def test_not_ready_without_the_database(client, cut_off, monkeypatch, atomic):
    monkeypatch.setitem(connections["default"].settings_dict, "ATOMIC_REQUESTS", atomic)
    assert answer(client, "ready") == (503, b"not ready\n")
    assert answer(client, "live") == (200, b"ok\n")


@pytest.mark.django_db
def test_no_login_is_asked_for(client):
    with override_settings(MIDDLEWARE=LOGIN_REQUIRED):
        assert answer(client, "live") == answer(client, "ready") == (200, b"ok\n")


@pytest.mark.parametrize("name", ["live", "ready"])
def test_only_reading_is_answered(client, name):
    assert client.post(f"/health/{name}/").status_code == 405


@pytest.mark.django_db
def test_answers_are_not_cached(client):
    assert "no-store" in client.get("/health/ready/")["Cache-Control"]
