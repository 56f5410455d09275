"""Out of office, over the API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pgworkflows.models import Decision, Delegation, History
from tests.api.conftest import API, problem


def until(hours: float) -> str:
    return (timezone.now() + timedelta(hours=hours)).isoformat()


def test_delegate_decides_on_behalf(clients, ask, person):
    stand_in = API(person("sue"))
    made = clients["mia"].send("delegations", body={"delegate": "sue", "ends_at": until(2), "reason": "holiday"})
    assert (made.status_code, made.json()["delegator"], made.json()["delegate"]) == (201, "mia", "sue")
    asked = ask()
    assert stand_in.read("approval", asked.pk).json()["stands_in_for"] == ["mia"]
    assert stand_in.send("approve", asked.pk).json()["status"] == "APPROVED"
    assert list(Decision.objects.values_list("username", "on_behalf_of_name")) == [("sue", "mia")]
    assert list(History.objects.filter(event="delegate").values_list("actor", "channel")) == [("mia", "api")]


def test_delegations_are_listed_to_both_sides_only(clients, person):
    clients["mia"].send("delegations", body={"delegate": "max", "ends_at": until(2), "kinds": ["tests.ask"]})
    for name, count in (("mia", 1), ("max", 1), ("moe", 0)):
        assert len(clients[name].read("delegations").json()["results"]) == count


def test_only_the_giver_ends_it(clients):
    made = clients["mia"].send("delegations", body={"delegate": "max", "ends_at": until(2)}).json()["id"]
    problem(clients["moe"].send("end-delegation", made), 404, "not-found")
    problem(clients["max"].send("end-delegation", made), 403, "not-allowed")
    assert clients["mia"].send("end-delegation", made).status_code == 200
    problem(clients["mia"].send("end-delegation", made), 403, "not-allowed")
    assert not Delegation.objects.current().exists()


def test_delegation_that_has_not_begun_can_be_ended(clients):
    body = {"delegate": "max", "starts_at": until(24), "ends_at": until(48)}
    made = clients["mia"].send("delegations", body=body).json()
    ended = clients["mia"].send("end-delegation", made["id"]).json()
    assert ended["ends_at"] == made["starts_at"]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"delegate": "mia"}, "can stand in for themselves"),
        ({"delegate": "nobody"}, "There is no active user nobody"),
        ({"ends_at": until(-1)}, "never holds"),
        ({"starts_at": until(3)}, "never holds"),
    ],
)
def test_delegation_that_cannot_hold_is_refused(clients, changes, complaint):
    told = problem(
        clients["mia"].send("delegations", body={"delegate": "max", "ends_at": until(2)} | changes), 422, "unprocessable"
    )
    assert complaint in told["errors"][0]["detail"]
    assert not Delegation.objects.exists()
