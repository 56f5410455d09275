"""E-mails to customers.

Mail is sent at least once: a letter that is sent again carries the same Message-ID, by which mail programs
recognise it.
"""

from smtplib import SMTPException

from django.core.mail import EmailMessage

from demo_shop.models import Order, Refund


class LetterNotSent(Exception):
    """The mail server did not take it."""


def send_acknowledgement(order: Order, key: str) -> None:
    """Say that the order came in."""
    _send(
        order,
        key,
        subject=f"We have your order {order.number}",
        text=f"Thank you for your order over {order.total}. We will write again when it leaves.",
    )


def send_shipping_note(order: Order, key: str, tracking: str) -> None:
    """Say that the parcel left."""
    _send(
        order,
        key,
        subject=f"Your order {order.number} is on its way",
        text=f"The parcel has the number {tracking}. {order.total} was charged to your card.",
    )


def send_apology(order: Order, key: str) -> None:
    """Say that nothing will come of it."""
    _send(
        order,
        key,
        subject=f"We could not fulfil your order {order.number}",
        text="We are sorry. What was charged to your card has been given back.",
    )


def send_refund_note(refund: Refund, key: str) -> None:
    """Say that money comes back."""
    order = refund.payment.order
    _send(
        order,
        key,
        subject=f"A refund for your order {order.number}",
        text=f"We have given {refund.amount} back to your card: {refund.reason}.",
    )


def _send(order: Order, key: str, *, subject: str, text: str) -> None:
    body = f"Dear {order.customer},\n\n{text}\n\nYour shop\n"
    message = EmailMessage(subject, body, to=[order.email], headers={"Message-ID": f"<{key}@shop.example>"})
    try:
        message.send()
    except (OSError, SMTPException) as problem:
        raise LetterNotSent(f"{subject}: {problem}") from problem
