"""Forms that approvals bring along."""

from django import forms


class CostCentreForm(forms.Form):
    """What an approver fills in."""

    cost_centre = forms.IntegerField(label="Cost centre", min_value=1)
    asset = forms.BooleanField(label="Goes into the books as an asset", required=False)
    until = forms.DateField(label="Deliver until", required=False)
