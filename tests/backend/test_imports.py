"""When the backend may be imported and instantiated: before the models, and wherever a project declares a task."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import django
import pytest

from tests.servers.processes import ROOT

SETTINGS = """
from pathlib import Path
SECRET_KEY = "x"
USE_TZ = True
INSTALLED_APPS = [{apps} "django_tasks_fsm", "early"]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(__file__).parent / "db.sqlite3")}}}}
TASKS = {{"default": {{"BACKEND": "django_tasks_fsm.backend.FSMBackend"}}}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""
MODELS = """
from django.db import models
from django_tasks_fsm import task

class Row(models.Model):
    pass

@task(max_attempts=2)
def beside_a_model():
    return Row.objects.count()

beside_a_model.schedule("early schedule", every=3600)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a project whose app declares a task in its package and another beside its models."""
    backport = "" if django.VERSION >= (6, 0) else '"django_tasks",'
    (tmp_path / "early_settings.py").write_text(SETTINGS.format(apps=backport))
    (tmp_path / "early").mkdir()
    (tmp_path / "early" / "__init__.py").write_text("from early.first import in_the_package\n")
    (tmp_path / "early" / "first.py").write_text(
        "from django_tasks_fsm import task\n\n@task\ndef in_the_package():\n    return 7\n"
    )
    (tmp_path / "early" / "models.py").write_text(MODELS)
    return tmp_path


def run(project: Path, code: str) -> str:
    """Run code in a fresh interpreter and return what it printed."""
    path = os.pathsep.join([str(project), str(ROOT)])
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "early_settings", "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=project, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_backend_is_made_before_django_is_set_up(project: Path) -> None:
    code = """if True:
        import sys
        from django_tasks_fsm.backend import FSMBackend
        backend = FSMBackend("x", {"QUEUES": [], "OPTIONS": {}})
        from django_tasks_fsm.tasks_api import task_backends
        assert type(task_backends["default"]) is FSMBackend
        print([name for name in sys.modules if name.startswith("django_tasks_fsm.models")])
    """
    assert run(project, code) == "[]"


def test_tasks_are_declared_while_the_apps_load(project: Path) -> None:
    code = """if True:
        import django
        django.setup()
        from django_tasks_fsm import registry
        print(sorted(registry.functions()), sorted(registry.declarations()))
    """
    names = "['early.first.in_the_package', 'early.models.beside_a_model'] ['early schedule']"
    assert run(project, code) == names


def test_they_run_after_migrate(project: Path) -> None:
    code = """if True:
        import django
        django.setup()
        from django.core.management import call_command
        from early.first import in_the_package
        from django_tasks_fsm.models import Task
        call_command("migrate", verbosity=0)
        result = in_the_package.enqueue()
        call_command("runworker", burst=True, verbosity=0)
        result.refresh()
        row = Task.objects.get(name="early schedule")
        print(result.return_value, row.function, row.max_attempts, row.next_run_at is not None)
    """
    assert run(project, code) == "7 early.models.beside_a_model 2 True"


def test_the_version_is_read_without_settings(project: Path) -> None:
    assert run(project, "import os; del os.environ['DJANGO_SETTINGS_MODULE']; import django_tasks_fsm as it; "
                        "print(bool(it.__version__))") == "True"  # fmt: skip


def test_a_project_that_forgot_the_app_is_told_by_the_check(project: Path) -> None:
    settings = project / "early_settings.py"
    settings.write_text(settings.read_text().replace('"django_tasks_fsm", "early"', ""))
    code = """if True:
        import django
        django.setup()
        from django.core import checks
        import django_tasks_fsm.backend  # as any module with a task does
        print([message.id for message in checks.run_checks()])
    """
    assert run(project, code) == "['django_tasks_fsm.E004']"
