"""Ask by row and by name, and decide in Python and in SQL, whatever the user model is. Run in a process of its own."""

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.db import connection  # noqa: E402
from staff.people import made  # type: ignore[import-not-found]  # noqa: E402 - the project that the test writes

from pgworkflows import request_approval, workflow  # noqa: E402
from pgworkflows.models import Approval, History  # noqa: E402
from pgworkflows.models.people import name_of  # noqa: E402
from pgworkflows.testing import run_workflows  # noqa: E402


@workflow
def asks(one: get_user_model(), other: str) -> bool:
    """Ask one person by row, and the other by name."""
    return request_approval("Release", users=[one, other], quorum=2).approved


NAME_TYPE = get_user_model()._meta.get_field(get_user_model().USERNAME_FIELD).rel_db_type(connection)
ann, bob, eve = made()
started = asks.using(requested_by=eve).start(ann, name_of(bob))
run_workflows()
approval = Approval.objects.get()
assert list(Approval.objects.for_user(name_of(ann))) == [approval] == list(Approval.objects.requested_by(eve))
assert approval.could_decide == sorted(name_of(user) for user in (ann, bob))
approval.approve(ann)
with connection.cursor() as cursor:
    # A UUID in capitals, or a number with zeros in front, is the same; a text is not.
    spelled = {"uuid": str.upper, "integer": lambda name: f"00{name}"}.get(NAME_TYPE, str)
    cursor.execute("SELECT pgworkflows.decide(%s, %s, 'approve')", [approval.pk, spelled(name_of(bob))])
    cursor.execute("SELECT pgworkflows.person('nobody'), pgworkflows.person(repeat('9', 400))")
    assert cursor.fetchone() == (None, None)
run_workflows()
assert started.wait(1) is True
actors = list(History.objects.filter(event="decide").order_by("id").values_list("actor", flat=True))
assert actors == [name_of(ann), name_of(bob)]
