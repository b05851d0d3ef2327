"""A user with a known password is made where that does no harm, and nobody's password is overwritten."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from demo.account import prepare_account

pytestmark = pytest.mark.django_db


def test_superuser_is_made_with_debug() -> None:
    assert "user demo, password demo" in prepare_account(debug=True)

    user = User.objects.get()
    assert (user.username, user.is_superuser, user.check_password("demo")) == ("demo", True, True)


def test_nobody_is_made_without_debug_and_the_way_on_is_told() -> None:
    assert "createsuperuser" in prepare_account(debug=False)
    assert not User.objects.exists()


def test_second_run_tells_the_password_again() -> None:
    prepare_account(debug=True)

    assert prepare_account(debug=True) == "Log in: user demo, password demo."
    assert User.objects.count() == 1


def test_changed_password_is_left_alone_and_not_told() -> None:
    before = User.objects.create_user("demo", password="my own").password

    assert "somebody has given it" in prepare_account(debug=True)
    assert User.objects.get().password == before
    assert not User.objects.get().is_superuser


def test_known_password_without_debug_is_a_warning() -> None:
    prepare_account(debug=True)

    assert "changepassword demo" in prepare_account(debug=False)
