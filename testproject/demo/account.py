"""The user of the demonstration, whose password everybody knows."""

from __future__ import annotations

from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import User

NAME = PASSWORD = "demo"


def prepare_account(debug: bool) -> str:
    """Make the superuser where DEBUG is on and there is none; return what to tell who wants to log in.

    A user who exists is left alone, whatever the password.
    """
    user = User.objects.filter(username=NAME).first()
    if user is None:
        return _made() if debug else _refused()
    # Not user.check_password(): that may store the password anew.
    if not check_password(PASSWORD, user.password):
        return f"Log in: user {NAME}, with the password that somebody has given it (it was left alone)."
    return _known() if debug else _endangered()


def _made() -> str:
    User.objects.create_superuser(NAME, password=PASSWORD)
    return f"Log in: user {NAME}, password {PASSWORD} (a superuser, just made because DEBUG is on)."


def _known() -> str:
    return f"Log in: user {NAME}, password {PASSWORD}."


def _refused() -> str:
    return (
        "DEBUG is off, so no user with a known password is made. "
        "Make your own with: testproject/manage.py createsuperuser"
    )


def _endangered() -> str:
    return (
        f"DEBUG is off, but the user {NAME} still has the known password {PASSWORD}. "
        f"Change it with: testproject/manage.py changepassword {NAME}"
    )
