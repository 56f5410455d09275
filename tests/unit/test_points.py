"""Points: who subscribes is called, and costs nobody anything."""

import pytest

from pgworkflows.telemetry import points
from pgworkflows.telemetry.points import Point


def test_subscribers_are_called_until_they_leave():
    happened, heard = Point("happened"), []

    def hear(**facts):
        heard.append(facts)

    happened.subscribe(hear)
    with happened.subscribed(hear):
        happened.emit(number=1)
    happened.emit(number=2)
    assert heard == [{"number": 1}]


def test_failing_subscriber_costs_nobody_anything():
    happened, heard, failures, error = Point("happened"), [], [], ValueError("not today")

    def fail(**_):
        raise error

    happened.subscribe(fail)
    happened.subscribe(lambda **facts: heard.append(facts))
    with points.failed.subscribed(fail), points.failed.subscribed(lambda **facts: failures.append(facts)):
        happened.emit()
    assert (heard, failures) == ([{}], [{"what": "a subscriber of 'happened'", "error": error}])


def test_control_flow_passes():
    happened = Point("happened")

    def crash(**_):
        raise KeyboardInterrupt

    with happened.subscribed(crash), pytest.raises(KeyboardInterrupt):
        happened.emit()
