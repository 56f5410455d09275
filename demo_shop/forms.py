"""What visitors and staff type."""

from decimal import Decimal
from typing import Any

from django import forms

from demo_shop.card_processor.cards import CARDS
from demo_shop.ordering import Customer

MOST_UNITS = 999


class QuantityForm(forms.Form):
    """How many units; 0 takes a line out of the cart."""

    quantity = forms.IntegerField(min_value=0, max_value=MOST_UNITS)


class CheckoutForm(forms.Form):
    """Who orders, and with which card."""

    customer = forms.CharField(label="Name", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    country = forms.CharField(max_length=100, widget=forms.TextInput(attrs={"autocomplete": "country-name"}))
    card_token = forms.ChoiceField(
        label="Test card",
        choices=[(card.token, card.label) for card in CARDS.values()],
        widget=forms.RadioSelect,
        help_text="No real money: the card decides what the processor answers.",
    )
    allow_split = forms.BooleanField(label="Send what is there now and the rest later", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"card_token": next(iter(CARDS))})
        super().__init__(*args, **kwargs)

    def to_customer(self) -> Customer:
        """Return what was typed."""
        return Customer(**self.cleaned_data)


class RefundForm(forms.Form):
    """How much goes back, and why."""

    amount = forms.DecimalField(min_value=Decimal("0.01"), max_digits=12, decimal_places=2)
    reason = forms.CharField(max_length=200)
