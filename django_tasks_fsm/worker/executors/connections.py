"""Database connections around a run, in the thread that used them."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from django.db import close_old_connections, connections, reset_queries

logger = logging.getLogger("django_tasks_fsm")


def before() -> None:
    """Start a run as Django starts a request: without a connection that has become too old while the thread waited."""
    reset_queries()
    close_old_connections()


def after(label: str) -> None:
    """Leave no transaction, and no connection that CONN_MAX_AGE does not allow, to the next run in this thread.

    A transaction that the run left open is rolled back, with a warning that names the run. Never raises.
    """
    for connection in connections.all(initialized_only=True):
        try:
            _tidy(connection, label)
        except Exception as error:  # whatever a driver says to a connection that a task has broken
            logger.warning("Run %s left %r broken: %s", label, connection.alias, error)
            connection.connection = None


def close() -> None:
    """Close the connections of this thread, which is about to end. Never raises."""
    for connection in connections.all(initialized_only=True):
        with suppress(Exception):  # whatever a driver says to a connection that is broken already
            connection.close()


def _tidy(connection: Any, label: str) -> None:
    if connection.connection is not None and (connection.in_atomic_block or not connection.get_autocommit()):
        logger.warning("Run %s left a transaction open on %r; it was rolled back.", label, connection.alias)
        _drop(connection)
    connection.close_if_unusable_or_obsolete()


def _drop(connection: Any) -> None:
    # close() inside an atomic block only marks the connection; the block itself will never be left, so end it here.
    connection.in_atomic_block = False
    connection.savepoint_ids = []
    connection.atomic_blocks = []
    connection.needs_rollback = False
    connection.run_on_commit = []
    connection.closed_in_transaction = False
    connection.close()
