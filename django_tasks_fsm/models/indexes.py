"""Indexes and constraints that are partial where the vendor can, and whole where it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


class PartialIndex(models.Index):
    """An index over the rows of ``where``; without partial indexes, over all rows with ``leading`` columns in front.

    Django leaves an index with a condition out on MariaDB and MySQL, and warns. Every one of ours serves a query of the
    engine there too, so the condition is not Django's but put in where the vendor can.
    """

    def __init__(self, *, where: models.Q, leading: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.where = where
        self.leading = tuple(leading)

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        """Describe the index for migrations."""
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "where": self.where, "leading": self.leading}

    def create_sql(
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **kwargs: Any
    ) -> Any:
        """Return the vendor's CREATE INDEX."""
        columns = [f"{'-' if order else ''}{name}" for name, order in self.fields_orders]
        if schema_editor.connection.features.supports_partial_indexes:
            index = models.Index(fields=columns, name=self.name, condition=self.where)
        else:
            index = models.Index(fields=[*self.leading, *columns], name=self.name)
        return index.create_sql(model, schema_editor, using=using, **kwargs)


class UniqueWhenSet(models.UniqueConstraint):
    """Unique over rows in which ``field`` is not null: partial where the vendor can.

    NULLs are distinct in a plain unique index everywhere, so leaving the condition out changes nothing but its size.
    """

    def __init__(self, *, fields: Sequence[str], when_set: str, name: str, **kwargs: Any) -> None:
        self.when_set = when_set
        kwargs.pop("condition", None)
        super().__init__(fields=fields, name=name, condition=models.Q(**{f"{when_set}__isnull": False}), **kwargs)

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        """Describe the constraint for migrations."""
        path, args, kwargs = super().deconstruct()
        kwargs.pop("condition")
        return path, args, {**kwargs, "when_set": self.when_set}

    def _plain(self) -> models.UniqueConstraint:
        return models.UniqueConstraint(fields=self.fields, name=self.name)

    def _for(self, schema_editor: BaseDatabaseSchemaEditor) -> models.UniqueConstraint | None:
        return None if schema_editor.connection.features.supports_partial_indexes else self._plain()

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        """Return the constraint's part of CREATE TABLE."""
        plain = self._for(schema_editor)
        return plain.constraint_sql(model, schema_editor) if plain else super().constraint_sql(model, schema_editor)

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        """Return the statement that adds the constraint."""
        plain = self._for(schema_editor)
        return plain.create_sql(model, schema_editor) if plain else super().create_sql(model, schema_editor)

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        """Return the statement that removes the constraint."""
        plain = self._for(schema_editor)
        return plain.remove_sql(model, schema_editor) if plain else super().remove_sql(model, schema_editor)

    def check(self, model: Any, connection: Any) -> list[Any]:
        """Say nothing: Django would warn that MariaDB and MySQL leave it out, but this one is created there."""
        return []

    _check = check  # the name before Django 6.0
