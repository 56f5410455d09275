"""What people fill in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ..conf import conf
from ..exceptions import NotAllowed
from ..store.approvals.people import active_user
from ..values.durations import is_in_reach
from .lists import kinds

LONGEST = 10_000


def prose(label: Any, *, required: bool, help_text: Any = "") -> forms.CharField:
    """Return a field for a few sentences."""
    area = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(label=label, required=required, max_length=LONGEST, widget=area, help_text=help_text)


class OnePageForm(forms.Form):
    """One of several forms on a page: the ids of its fields are its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": f"{type(self).__name__}_%s"} | kwargs)


class SeenForm(OnePageForm):
    """Something done to what a page has shown: `revision` says which state that was."""

    revision = forms.IntegerField(widget=forms.HiddenInput)


class DecisionForm(SeenForm):
    """A verdict's comment, and on whose behalf it is given."""

    on_behalf_of = forms.ChoiceField(label=_("Decide"), required=False)
    comment = prose(
        _("Comment"), required=False, help_text=_("To reject or to request changes, say why. Everybody concerned can read it.")
    )

    def __init__(self, *args: Any, behalves: list[tuple[str, Any]], needs_comment: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.needs_comment = needs_comment
        if [name for name, _label in behalves if name]:
            self.fields["on_behalf_of"].choices = behalves  # type: ignore[attr-defined] # a ChoiceField
        else:
            del self.fields["on_behalf_of"]

    def clean_comment(self) -> str:
        """Refuse silence where a reason is needed."""
        comment: str = self.cleaned_data["comment"]
        if self.needs_comment and not comment.strip():
            raise ValidationError(_("Say why."))
        return comment


class CommentForm(OnePageForm):
    """Something to say."""

    comment = prose(_("Remark"), required=True, help_text=_("Everybody concerned can read it."))


class ResubmitForm(SeenForm):
    """What was changed."""

    comment = prose(_("What has changed"), required=False)


class WithdrawForm(SeenForm):
    """Why it is taken back."""

    comment = prose(_("Reason"), required=True)


class UserField(forms.CharField):
    """An active user, by name: a list of all would give everybody's name away."""

    def clean(self, value: Any) -> Any:
        """Look the user up."""
        name = super().clean(value)
        if not name:
            return None
        try:
            return active_user(name)
        except NotAllowed:
            raise ValidationError(_("There is no active user of this name.")) from None


class ReassignForm(SeenForm):
    """Who is asked instead, and why."""

    user = UserField(label=_("User name"), required=False, max_length=200)
    group = forms.ModelChoiceField(Group.objects.none(), label=_("Or a group"), required=False)
    comment = prose(_("Reason"), required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"].queryset = Group.objects.using(conf().DATABASE).order_by("name")  # type: ignore[attr-defined] # a ModelChoiceField

    def clean(self) -> dict[str, Any]:
        """Require the one or the other."""
        given = self.cleaned_data
        if not self.errors and bool(given["user"]) == bool(given["group"]):
            raise ValidationError(_("Name a user or a group."))
        return given


MOMENT = "%Y-%m-%dT%H:%M"


class MomentField(forms.DateTimeField):
    """A moment that can be read in every time zone."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT)

    def clean(self, value: Any) -> Any:
        """Refuse what is out of reach."""
        found = super().clean(value)
        if found is not None and not is_in_reach(found):
            raise ValidationError(_("Give a time between the years 2 and 9998."))
        return found


class DelegationForm(forms.Form):
    """Who stands in, from when to when, for what."""

    user = UserField(label=_("Who stands in (user name)"), max_length=200)
    starts_at = MomentField(label=_("From"), required=False, help_text=_("Nothing means from now on."))
    ends_at = MomentField(label=_("To"))
    kinds = forms.MultipleChoiceField(
        label=_("Only these kinds"), required=False, widget=forms.CheckboxSelectMultiple, help_text=_("None means all.")
    )
    reason = forms.CharField(label=_("Reason"), required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kinds"].choices = kinds()  # type: ignore[attr-defined] # a choice field
        if not self.fields["kinds"].choices:  # type: ignore[attr-defined]
            del self.fields["kinds"]
