"""What is filled in to edit a policy, and to try one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ...conf import conf
from ...definitions.registry import registry
from ...models import ApprovalPolicy, ApprovalStage
from ...site.forms import UserField
from ...store.approvals.snapshots import find_subject
from ...values.people import UserRow
from ..workflows.actions import JSONText

Base = forms.ModelForm  # both are generic only for type checkers


class PolicyForm(Base):  # type: ignore[type-arg] # not subscriptable at run time
    """A policy's own fields."""

    class Meta:
        model = ApprovalPolicy
        fields = ["name", "description", "fallback_group", "restart", "allow_self_approval", "allow_same_person"]
        widgets = {"name": forms.TextInput, "description": forms.Textarea(attrs={"rows": 3})}

    def clean_name(self) -> str:
        """Refuse a second first version."""
        name = str(self.cleaned_data["name"]).strip()
        if ApprovalPolicy.objects.using(conf().DATABASE).filter(name=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is a policy of this name. Make a new draft of that one."))
        return name


class StageForm(Base):  # type: ignore[type-arg] # not subscriptable at run time
    """A stage; its resolver is one that code registers."""

    resolver = forms.ChoiceField(label=_("Resolver"), required=False, help_text=_("Code that finds people when the stage opens."))

    class Meta:
        model = ApprovalStage
        exclude = ["policy"]
        widgets = {"name": forms.TextInput}
        help_texts = {
            "time_limit": _("As days hours:minutes:seconds, such as 2 00:00:00."),
            "remind_every": _("As days hours:minutes:seconds, such as 1 00:00:00."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = sorted({*registry.resolvers, *([self.instance.resolver] if self.instance.resolver else [])})
        self.fields["resolver"].choices = [("", "---------"), *((name, name) for name in names)]  # type: ignore[attr-defined] # a ChoiceField


Rows = forms.BaseInlineFormSet  # generic only for type checkers


class LabelledRows(Rows):  # type: ignore[type-arg] # not subscriptable at run time
    """Rows of the admin's tables, which head their columns without labelling what is in them."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """Label each field, the one for deleting included."""
        super().add_fields(form, index)
        for field in form.fields.values():
            field.widget.attrs["aria-label"] = field.label


class TryForm(forms.Form):
    """A request that nobody makes."""

    model = forms.ChoiceField(label=_("Kind of subject"), required=False)
    key = forms.CharField(label=_("Its primary key"), required=False, max_length=200)
    requester = UserField(label=_("Requester (user name)"), required=False, max_length=200)
    attributes = JSONText(label=_("Attributes"), required=False, help_text=_('As JSON, such as {"amount": 1200}.'))

    def __init__(self, *args: Any, viewer: UserRow, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Conditions compare a row's values, so they would tell them.
        seen = [
            model._meta
            for model in apps.get_models()
            if viewer.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
        ]
        choices = sorted((meta.label_lower, str(meta.verbose_name)) for meta in seen)
        self.fields["model"].choices = [("", _("none")), *choices]  # type: ignore[attr-defined] # a ChoiceField

    def clean_attributes(self) -> dict[str, Any]:
        """Require names and values."""
        given = self.cleaned_data["attributes"]
        if given is not None and not isinstance(given, dict):
            raise ValidationError(_("Attributes have names: write {…}."))
        return given or {}

    def clean(self) -> dict[str, Any]:
        """Find the subject."""
        given = self.cleaned_data
        given["subject"] = None
        if given.get("model"):
            try:
                given["subject"] = find_subject(given["model"], given.get("key", ""))
            except (ValueError, ValidationError):
                given["subject"] = None
            if given["subject"] is None:
                self.add_error("key", _("There is no such row."))
        return given
