"""A state column that only a verb can change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.core.limits import rate
from django_tasks_fsm.dialects import dialect_of
from django_tasks_fsm.exceptions import InvalidLimit, StateIsReadOnly

LOADING = "_state_is_loading"


class _ReadOnlyAttribute(DeferredAttribute):
    """Accept the first value (construction, loading) and refuse any later one."""

    def __set__(self, instance: models.Model, value: Any) -> None:
        loaded, name = instance.__dict__, self.field.attname
        has_one = name in loaded or not instance._state.adding  # deferred: what the database holds is not known here
        if has_one and LOADING not in loaded and loaded.get(name) != value:
            raise StateIsReadOnly(type(instance).__name__)
        loaded[name] = value

    def fetch_many(self, instances: Iterable[models.Model]) -> None:
        """Load the deferred states of several instances at once: the fetch modes of Django 6.1."""
        peers = list(instances)
        for instance in peers:
            instance.__dict__[LOADING] = True
        try:
            super().fetch_many(peers)
        finally:
            for instance in peers:
                del instance.__dict__[LOADING]


class ExactCharField(models.CharField):
    """Hold a name that is compared letter by letter: MariaDB and MySQL would take "Send" and "send" for one."""

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        """Return the column's type, with the vendor's exact collation."""
        parameters: Any = super().db_parameters(connection)
        collation = dialect_of(connection).exact_collation
        return {**parameters, "collation": collation} if collation else parameters


def validate_printable(value: str) -> None:
    """Refuse characters that cannot be seen: among them those that turn the direction of what stands behind them."""
    if not value.isprintable():
        raise ValidationError(_("Only characters that can be seen: no control characters, none that turn the text."))


def validate_rate(value: str) -> None:
    """Refuse what is no rate of starts."""
    try:
        rate(value)
    except InvalidLimit:
        raise ValidationError(
            _("A rate is a number of starts per time: 5/s, 10/m, 100/h, 1/30s. The time is at most seven days.")
        ) from None


class StateField(ExactCharField):
    """Hold a state word, in exactly its letters; assigning another one to an instance raises StateIsReadOnly."""

    descriptor_class = _ReadOnlyAttribute


class StatefulModel(models.Model):
    """A model whose ``state`` only transitions write: ``save`` leaves ``machine_fields`` as the database has them."""

    machine_fields: tuple[str, ...] = ("state",)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save what people may edit. A row that exists keeps its machine fields, however old this instance is.

        Raise StateIsReadOnly where ``update_fields`` names the state.
        """
        if "state" in (kwargs.get("update_fields") or ()):
            raise StateIsReadOnly(type(self).__name__)
        if not self._state.adding and kwargs.get("update_fields") is None and not kwargs.get("force_insert"):
            kwargs["update_fields"] = [
                field.name
                for field in self._meta.concrete_fields
                if not field.primary_key
                and field.name not in self.machine_fields
                and field.attname not in self.get_deferred_fields()
            ]
        super().save(*args, **kwargs)

    def refresh_from_db(self, using: str | None = None, *args: Any, **kwargs: Any) -> None:
        """Reload the state too, and from where it is written: a replica would show an old one."""
        self.__dict__[LOADING] = True
        try:
            super().refresh_from_db(using or router.db_for_write(type(self), instance=self), *args, **kwargs)
        finally:
            del self.__dict__[LOADING]
