"""The test project's settings, on the database that tests/servers opened, with nothing slow and nothing insecure."""

from __future__ import annotations

import os

from config.settings import *  # noqa: F403
from config.settings import DATABASES, INSTALLED_APPS
from tests.servers.database import PREFIX

DEBUG = False
SECRET_KEY = "a key for tests, which need none that is secret"
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Tasks that misbehave, for the tests of the worker.
INSTALLED_APPS = [*INSTALLED_APPS, "tests.jobs"]

# On SQLite the name is the file itself: threads and worker processes must see the test database.
_is_file = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
DATABASES["default"]["TEST"] = {"NAME": DATABASES["default"]["NAME"] if _is_file else f"{PREFIX}{os.getpid()}"}
if DATABASES["default"]["ENGINE"] == "django.db.backends.mysql":
    DATABASES["default"]["TEST"]["CHARSET"] = "utf8mb4"
