"""Who works for whom."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models


class Employee(models.Model):
    """A user who works here, and their line manager, if they have one."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="employee")
    manager = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(user=models.F("manager")), name="employee_manager_is_another"),
        ]

    def __str__(self) -> str:
        return str(self.user)


def line_manager_of(user: Any) -> Any:
    """Return the user's line manager, or None."""
    employee = Employee.objects.select_related("manager").filter(user=user).first()
    return employee.manager if employee is not None else None
