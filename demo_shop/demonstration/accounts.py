"""The people of the demo, who can log in on this machine."""

from dataclasses import dataclass

from django.contrib.auth.models import Permission, User

from demo_shop.demonstration import purchases
from demo_shop.manager import order_managers

PASSWORD = "demo-shop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How somebody logs in; ``password`` is None where it is no longer the demo's."""

    username: str
    password: str | None
    role: str

    def __str__(self) -> str:
        return f"{self.username} / {self.password or '(your own password)'}: {self.role}"


def demo_logins() -> list[Login]:
    """Make the demo's users on first use and return how they log in; a password that was changed stays."""
    return [
        _login("admin", role="sees and may do everything", superuser=True),
        _login("manager", role="decides about large orders, and about the employee's purchase requests", superuser=False),
        _login("deputy", role="decides about them too, at /approvals/, without being staff", superuser=False, staff=False),
        _clerk(purchases.EMPLOYEE, role="writes purchase requests, in the admin"),
        _clerk(purchases.FINANCE_CLERK, role="decides about large purchases, at /approvals/"),
    ]


def _login(username: str, *, role: str, superuser: bool, staff: bool = True) -> Login:
    user, new = User.objects.get_or_create(username=username, defaults={"email": f"{username}@example.com"})
    user.is_staff, user.is_superuser = staff, superuser
    if new or not user.has_usable_password():
        user.set_password(PASSWORD)
    user.save()
    if not superuser:
        user.groups.add(order_managers())
    if staff and not superuser:
        _let_see(user)
    return Login(username=username, password=PASSWORD if user.check_password(PASSWORD) else None, role=role)


def _clerk(username: str, *, role: str) -> Login:
    """Let somebody who is no order manager log in: the employee to the admin, to write purchase requests."""
    purchases.hire()
    user = User.objects.get(username=username)
    if not user.has_usable_password():
        user.set_password(PASSWORD)
    user.is_staff = username == purchases.EMPLOYEE
    user.save()
    if user.is_staff:
        written = ("add", "change", "view", "delete")
        allowed = [f"{verb}_{model}" for verb in written for model in ("purchaserequest", "purchaseline")]
        user.user_permissions.add(*Permission.objects.filter(content_type__app_label="demo_shop", codename__in=allowed))
    return Login(username=username, password=PASSWORD if user.check_password(PASSWORD) else None, role=role)


def _let_see(user: User) -> None:
    seen = Permission.objects.filter(content_type__app_label__in=("demo_shop", "pgworkflows"), codename__startswith="view")
    refunds = Permission.objects.filter(content_type__app_label="demo_shop", codename="add_refund")
    user.user_permissions.add(*seen, *refunds)
