"""Through what people did something, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

CHANNELS = {
    "admin": _("the admin"),
    "site": _("the site"),
    "api": _("the API"),
    "link": _("a link in an e-mail"),
    "sql": _("SQL"),
    "terminal": _("the terminal"),
}


def channel_name(channel: str) -> str:
    """Return a channel in words; one that code has named is as it is."""
    return str(CHANNELS.get(channel, channel))
