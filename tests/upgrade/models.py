"""A business row."""

from django.db import models


class Effect(models.Model):
    """What a step has done: counted, to see that it was done once."""

    name = models.TextField()
