"""Mail, HTTP and task queues in bodies and atomic steps: warned about where they are sent at once."""

import urllib.request
from functools import partial
from urllib.request import build_opener, urlopen

import pytest
from django.core import mail
from django.core.mail import EmailMessage, get_connection, send_mail
from django.core.mail import send_mail as post_letter
from django.db import transaction
from django.db.transaction import on_commit

from pgworkflows import step, workflow
from pgworkflows.checks import check_project


class OrderMail(EmailMessage):
    """A project's own kind of message."""


#: As Celery's tasks are: of a class of its own package.
charge = type("PromiseProxy", (), {"__module__": "celery.local"})()
at_commit = on_commit


def warned(**options):
    """Return a decorator that makes of a step the calls that are warned about in it."""

    def look(function):
        step(name="tests.sends", **options)(function)
        found = [message for message in check_project() if message.id == "pgworkflows.W010"]
        return [message.msg.partition(" calls ")[2].partition(", which")[0] for message in found]

    return look


def test_warning_has_file_line_and_remedy():
    @step(name="tests.books")
    def books() -> None:
        send_mail("Booked", "Yes", None, ["ann@example.com"])

    @books.compensation
    def cancels(result: None) -> None:
        mail.mail_admins("Cancelled", "Yes")

    @workflow(name="tests.books")
    def body() -> None:
        urlopen("https://example.com")

    lines = [function.__code__.co_firstlineno for function in (body.function, books.function, cancels)]
    in_body, in_step, in_compensation = ((message.msg, message.hint) for message in check_project())
    assert in_body == (
        f"{__file__}:{lines[0] + 2}: the body of tests.books calls urlopen(), which happens each time the body is run again.",
        "Put it into a @step(atomic=False) and call that.",
    )
    assert in_step == (
        f"{__file__}:{lines[1] + 2}: atomic step tests.books calls send_mail(), which is not undone with it and happens again "
        "with it.",
        "Make it @step(atomic=False), or send it with transaction.on_commit().",
    )
    assert in_compensation == (
        f"{__file__}:{lines[2] + 2}: atomic step tests.books.compensation calls mail.mail_admins(), which is not undone with it "
        "and happens again with it.",
        "Make it @books.compensation(atomic=False), or send it with transaction.on_commit().",
    )


def test_mail_under_whatever_name():
    @warned()
    def found() -> None:
        from django.core.mail import mail_admins as tell

        post_letter("Hello", "", None, [])
        tell("Hello", "")
        EmailMessage("Hello", "long").send()
        message = OrderMail("Hello")
        message.send(fail_silently=True)
        with get_connection() as connection:
            connection.send_messages([message])

    assert found == ["post_letter()", "tell()", "EmailMessage(...).send()", "message.send()", "connection.send_messages()"]


def test_http_also_of_modules_not_loaded_yet():
    @warned()
    def found() -> None:
        import absent.requests
        import aiohttp as web
        import requests
        from httpx import Client, post

        answer = requests.get("https://example.com").json()
        answer.get("price")
        post("https://example.com")
        with Client() as client:
            client.put("https://example.com")
            client.headers.get("Host")
        session = requests.Session()
        session.post("https://example.com")
        web.ClientSession().get("https://example.com")
        urllib.request.urlopen("https://example.com")
        build_opener().open("https://example.com")
        absent.requests.get("")

    assert found == [
        "requests.get()", "post()", "client.put()", "session.post()", "web.ClientSession(...).get()",
        "urllib.request.urlopen()", "build_opener(...).open()",
    ]  # fmt: skip


def test_task_queues():
    def decorated() -> None: ...

    def delay() -> None: ...

    # As rq's @job does.
    delay.__module__ = "rq.decorators"
    decorated.delay = delay

    @warned()
    def found(delay: object) -> None:
        import django_rq

        charge.delay(1)
        charge.s(1).apply_async()
        decorated.delay()
        queue = django_rq.get_queue("fast")
        queue.enqueue(decorated)
        delay.delay(1)

    assert found == ["charge.delay()", "charge.s(...).apply_async()", "decorated.delay()", "queue.enqueue()"]


def test_what_waits_for_the_commit_is_fine():
    @warned()
    def found() -> None:
        def tell() -> None:
            send_mail("Hello", "", None, [])

        @transaction.on_commit
        def tell_others() -> None:
            mail.mail_managers("Hello", "")

        message = EmailMessage("Hello")
        transaction.on_commit(tell)
        transaction.on_commit(message.send, robust=True)
        on_commit(lambda: charge.delay(1))
        at_commit(partial(send_mail, "Hello", "", None, []))

    assert found == []


@pytest.mark.parametrize("atomic", [True, False])
def test_outside_steps_and_local_names_are_fine(atomic):
    def sends() -> None:
        send_mail("Hello", "", None, [])
        charge.delay(1)

    def shadows(send_mail: object, urllib: object) -> None:
        send_mail("Hello")
        urllib.request.urlopen("")
        charge = mail = send_mail
        charge.delay(1)
        mail.mail_admins("")
        for requests in urllib:
            requests.get("")

    assert warned(atomic=atomic)(shadows if atomic else sends) == []
