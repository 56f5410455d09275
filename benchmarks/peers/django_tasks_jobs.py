"""The tasks of the django-tasks-db peer."""

from django.db import connection

from benchmarks.peers.peer import INSERT_EFFECT, STEPS

try:
    from django.tasks import task
except ImportError:  # before Django 6
    from django_tasks import task  # type: ignore[no-redef]


def write_row(tag: str, number: int) -> None:
    """Insert what a step does."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT_EFFECT, [tag, number])


@task()
def empty(tag: str) -> None:
    """Do nothing."""


@task()
def order(tag: str, number: int = 1) -> None:
    """Do one of five steps and enqueue the next."""
    write_row(tag, number)
    if number < STEPS:
        order.enqueue(tag, number + 1)


@task()
def one(tag: str) -> None:
    """Do one step."""
    write_row(tag, 1)
