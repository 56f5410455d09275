"""A project's own users: another name, another key, and neither groups nor a column is_active."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class Person(AbstractBaseUser):
    """Known by an address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_column="person")
    address = models.EmailField(unique=True, db_column="mail")

    USERNAME_FIELD = "address"

    objects = BaseUserManager()
