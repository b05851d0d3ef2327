"""Who sits at the terminal."""

from __future__ import annotations

import getpass
import os
import platform

from django_tasks_fsm.models.actor import Actor


def operator() -> Actor:
    """Return the actor for the operating system's user of this process, on this host."""
    return Actor(f"os:{_user()}@{platform.node()}"[:150])


def _user() -> str:
    # By the process's own id: LOGNAME and USER, at which getpass looks first, say what anybody has put into them.
    try:
        import pwd
    except ImportError:
        return getpass.getuser()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
