"""System checks: what is wrong with a project before anything runs.

E001-E003  settings          a key, a value, a dotted path
E004-E009  installation      the database and the distributions beside us
E010-E014  declarations      what the `workflows.py` modules declare
E015       bodies            forms that a workflow asks for and does not declare
E016       people            a user model on which names are not unique
E017       sessions          what is set on role or database, and keeps everything from working
E018-E019  installation      a pool that is too small, and a router that keeps our tables out
E020       declarations      executors that steps ask for and settings do not have
E021       sessions          functions that serve other tables than this session's
E022       declarations      summaries that name what is not shown
E023       declarations      schedules that could start nothing
W001       bodies            calls whose answer a replay would not repeat
W002-W005  deployment        whom the guards stop, and whether they and the server are as they must be (I001: they are)
W006-W007  surroundings      clocks that are put back, and a login that is not there
W008       people            whether the functions know the users as settings name them
W009       shipped           whether functions, triggers, rules and grants are as they were shipped, only with --deploy
W010       outside           mail, HTTP and task queues in bodies and atomic steps
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, register

from . import bodies, configuration, declarations, deployment, installation, outside, people, surroundings


@register("pgworkflows")
def check_project(**_: Any) -> list[CheckMessage]:
    """Check what needs no database."""
    return [
        *configuration.check_settings(),
        *installation.check_distributions(),
        *installation.check_alias(),
        *declarations.check_declarations(),
        *bodies.check_bodies(),
        *outside.check_outside(),
        *surroundings.check_surroundings(),
        *people.check_names(),
    ]


@register(Tags.database)
def check_server(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Check the server, where its database is among those to be looked at."""
    return installation.check_server(databases or ())


@register(Tags.database)
def check_people(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Check what the database knows of the users, where it is among those to be looked at."""
    return people.check_installed(databases or ())


@register(Tags.security, deploy=True)
def check_deployment(**_: Any) -> list[CheckMessage]:
    """Look at the roles, the guards and the server's settings."""
    return deployment.check_database()
