"""User models of many shapes, and managers that do more than Django's, or other than Django's."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models


class Colour(str):
    """A value that no database gives by itself."""

    __slots__ = ()


class ColourField(models.CharField):
    """Keeps colours, in capitals."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Colour | None:
        return None if value is None else Colour(value.lower())

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else str(value).upper()


class Base(AbstractBaseUser):
    """What all have in common."""

    name = models.CharField(max_length=50, unique=True)
    is_active = models.BooleanField(default=True)
    USERNAME_FIELD = "name"
    objects = BaseUserManager()

    class Meta:
        abstract = True


class Person(Base):
    """A UUID for a key, names of columns that the store's table has too, and one field of many kinds."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    address = models.TextField(db_column="subject", default="")
    created = models.DateTimeField(null=True)
    born = models.DateField(null=True)
    awake = models.DurationField(null=True)
    money = models.DecimalField(max_digits=9, decimal_places=2, null=True)
    wishes = models.JSONField(default=dict)
    face = models.BinaryField(null=True)
    colour = ColourField(max_length=20, null=True, db_column="state")
    friend = models.ForeignKey("self", models.SET_NULL, null=True)

    class Meta:
        ordering = ("name",)


class TagField(models.CharField):
    """Takes nothing but what begins with "tag-", and keeps the rest of it."""

    def to_python(self, value: Any) -> Any:
        if value is not None and not str(value).startswith("tag-"):
            raise ValidationError("This is no tag.")
        return value

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else self.to_python(value).removeprefix("tag-")

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return None if value is None else f"tag-{value}"


class Tagged(Base):
    """A key that no number can be."""

    tag = TagField(max_length=20, primary_key=True)


class Badge(Base):
    """Text for a key."""

    number = models.CharField(max_length=20, primary_key=True)


class Account(Base):
    """Has a table of its own."""

    email = models.EmailField()


class Member(Account):
    """Inherits from a model with a table of its own; a column of each has the same name."""

    card = models.CharField(max_length=20, db_column="email")


class Loud(Base):
    """Makes its instances in its own way."""

    @classmethod
    def from_db(cls, db: Any, field_names: Any, values: Any) -> Any:
        made = super().from_db(db, field_names, values)
        made.loaded = True
        return made


class Findable(models.QuerySet):
    """Does more than Django's, nothing otherwise."""

    def active(self) -> Any:
        return self.filter(is_active=True)


class Found(Base):
    """Its manager has more methods than Django's."""

    objects = BaseUserManager.from_queryset(Findable)()


class ShyManager(BaseUserManager):
    """Hides some."""

    def get_queryset(self) -> Any:
        return super().get_queryset().exclude(hidden=True)


class Shy(Base):
    """Users whom their manager hides have no account, as far as the site goes."""

    hidden = models.BooleanField(default=False)
    objects = ShyManager()


class AskingManager(BaseUserManager):
    """Answers `get` in its own way."""

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return super().get(*args, hidden=False, **kwargs)


class Asking(Base):
    """Hidden ones are not got."""

    hidden = models.BooleanField(default=False)
    objects = AskingManager()


class Filtered(models.QuerySet):
    """Filters in its own way."""

    def _filter_or_exclude(self, negate: bool, args: Any, kwargs: Any) -> Any:
        return super()._filter_or_exclude(negate, args, {**kwargs, "hidden": False} if kwargs else kwargs)


class Filtering(Base):
    """Hidden ones are filtered out by the query set."""

    hidden = models.BooleanField(default=False)
    objects = BaseUserManager.from_queryset(Filtered)()
