"""One dict of settings, read lazily."""

from dataclasses import asdict, fields
from datetime import timedelta

import pytest
from django.test import override_settings

from pgworkflows.conf import KNOWN, Settings, conf, unknown_keys
from pgworkflows.values.redaction import redacted

DESIGNED = (
    "DATABASE BATCH_SIZE BATCH_SECONDS CONCURRENCY LEASE HEARTBEAT POLL_INTERVAL MAX_PAYLOAD_BYTES EXECUTORS ENTER REDACT "
    "LINK_MAX_AGE FROM_EMAIL BASE_URL DUE"
)


def test_settings_are_those_that_are_documented():
    assert set(DESIGNED.split()) == KNOWN == {field.name for field in fields(Settings)}


def test_nothing_set_gives_the_defaults():
    assert asdict(conf()) == asdict(Settings())
    assert (conf().DATABASE, conf().LEASE, conf().HEARTBEAT) == ("default", 30, 0.5)


@override_settings(PGWORKFLOWS={"LEASE": 60, "BATCH_SIZE": 10})
def test_what_is_set_counts_and_the_rest_stays():
    assert (conf().LEASE, conf().BATCH_SIZE, conf().HEARTBEAT) == (60, 10, 0.5)


def test_change_of_the_setting_is_seen():
    with override_settings(PGWORKFLOWS={"LEASE": 60}):
        assert conf().LEASE == 60
    assert conf().LEASE == 30
    assert conf() is conf()


@override_settings(PGWORKFLOWS={"LEASE": timedelta(minutes=2)})
def test_durations_become_seconds():
    assert conf().LEASE == 120


@override_settings(PGWORKFLOWS={"LEASE": 60, "LEES": 1, "lease": 2})
def test_unknown_keys_are_listed_not_read():
    assert unknown_keys() == ["LEES", "lease"]
    assert conf().LEASE == 60


@pytest.mark.parametrize("key", ["password", "Password", "CARD_NUMBER", "token", "secret"])
def test_secrets_are_hidden_however_deep(key):
    given = {"a": [{"b": {key: {"x": 1}, "kept": key}}]}
    assert redacted(given) == {"a": [{"b": {key: "[hidden]", "kept": key}}]}


def test_what_is_no_object_is_shown_as_it_is():
    assert [redacted(value) for value in ("password", 7, None, [1])] == ["password", 7, None, [1]]
