"""For each rule, source that breaks it and source that keeps it: a rule that finds nothing would be decoration."""

from __future__ import annotations

BROKEN: dict[str, list[tuple[str, str]]] = {
    "imports-go-down": [
        ("core/graph.py", "from django_tasks_fsm.models import Task"),
        ("models/run.py", "def f():\n    from django_tasks_fsm.store.claim import claim"),
        ("store/claim.py", "from django_tasks_fsm import backend"),
        ("conf.py", "import django_tasks_fsm.signals"),
    ],
    "narrow-rooms": [
        ("admin/run.py", "from django_tasks_fsm.store.enqueue import enqueue"),
        ("worker/cycle.py", "import django_tasks_fsm.models"),
        ("drawing/svg.py", "from django_tasks_fsm.conf import options"),
    ],
    "pure-rooms": [
        ("core/retry.py", "from django.utils import timezone"),
        ("core/retry.py", "import graphviz"),
        ("drawing/svg.py", "from django.db import models"),
    ],
    "worker-has-no-orm": [
        ("worker/cycle.py", "from django.db import models"),
        ("worker/cycle.py", "if TYPE_CHECKING:\n    from django_tasks_fsm.models.run import TaskRun"),
    ],
    "settings-only-in-conf": [
        ("store/claim.py", "from django.conf import settings"),
        ("store/claim.py", "import django.conf"),
    ],
    "one-writer-of-state": [
        ("admin/run.py", "run.state = RunState.DONE"),
        ("admin/run.py", "run.key, run.state = None, DONE"),
        ("store/finish.py", "runs.filter(pk=1).update(state='DONE')"),
        ("store/finish.py", "runs.update(**{'state': 'DONE'})"),
        ("store/finish.py", "TaskRun.objects.bulk_update(runs, ['state'])"),
        ("models/run.py", "setattr(run, 'state', 'DONE')"),
        ("models/run.py", "Task.objects.update_or_create(name='a', defaults={'state': 'PAUSED'})"),
        ("models/run.py", "Task.objects.bulk_create(rows, update_conflicts=True, update_fields=['state'])"),
    ],
    "vendors-only-in-dialects": [
        ("store/claim.py", "if connection.vendor == 'sqlite': pass"),
        ("store/claim.py", "connections[alias].features.has_select_for_update"),
    ],
    "sql-only-in-dialects": [
        ("store/claim.py", "with connection.cursor() as c: pass"),
        ("models/run.py", "TaskRun.objects.raw(statement)"),
        ("store/claim.py", "cursor.execute('SELECT 1')"),
    ],
    "sql-is-not-pasted": [
        ("store/claim.py", "cursor.execute(f'SELECT {x}')"),
        ("store/claim.py", "cursor.execute('SELECT %s' % x)"),
        ("store/claim.py", "cursor.execute('SELECT {}'.format(x))"),
    ],
    "conflicts-are-not-ignored": [("store/fire.py", "TaskRun.objects.bulk_create(runs, ignore_conflicts=True)")],
    "no-code-from-data": [
        ("core/payload.py", "import pickle"),
        ("core/payload.py", "from marshal import loads"),
        ("core/payload.py", "eval(text)"),
        ("core/payload.py", "import yaml"),
    ],
    "no-shell": [
        ("drawing/layout/dot.py", "subprocess.run(command, shell=True)"),
        ("drawing/layout/dot.py", "os.system(command)"),
    ],
    "nothing-is-imported-by-name": [
        ("worker/runner.py", "function = import_string(row.function)"),
        ("worker/runner.py", "modules = map(importlib.import_module, names)"),
    ],
    "one-pair-of-dice": [("store/rescue.py", "random.uniform(0, 1)"), ("core/retry.py", "Random().random()")],
    "markup-is-escaped": [("admin/run.py", "from django.utils.safestring import mark_safe")],
    "errors-are-not-swallowed": [
        ("worker/heart.py", "try:\n    beat()\nexcept:\n    log()"),
        ("worker/heart.py", "try:\n    beat()\nexcept Exception:\n    pass"),
    ],
    "core-has-no-clock": [
        ("core/retry.py", "timezone.now()"),
        ("core/retry.py", "datetime.datetime.now(UTC)"),
        ("core/retry.py", "time.time()"),
    ],
    "small-modules": [("store/claim.py", "x = 1\n" * 251)],
    "meaningful-names": [("store/utils.py", ""), ("core/helpers/text.py", "")],
    "known-rooms": [("attic/trunk.py", "")],
}

KEPT: dict[str, list[tuple[str, str]]] = {
    "imports-go-down": [
        ("store/claim.py", "from django_tasks_fsm.models import Task"),
        ("core/graph.py", "if TYPE_CHECKING:\n    from django_tasks_fsm.models import Task"),
        ("backend.py", "from django_tasks_fsm import declare"),
    ],
    "narrow-rooms": [("worker/cycle.py", "from django_tasks_fsm.store import claim")],
    "pure-rooms": [
        ("core/triggers/cron.py", "import re\nfrom croniter import croniter"),
        ("drawing/svg.py", "from django.utils.translation import gettext"),
    ],
    "worker-has-no-orm": [("worker/cycle.py", "from django.db import close_old_connections")],
    "settings-only-in-conf": [("conf.py", "from django.conf import settings")],
    "one-writer-of-state": [
        ("models/transitions.py", "runs.update(state='DONE')"),
        ("store/fire.py", "TaskRun(state=RunState.PENDING)"),
        ("store/finish.py", "runs.filter(state='DONE').update(result=None)"),
        ("exceptions.py", "self.state = state"),
    ],
    "vendors-only-in-dialects": [("dialects/choose.py", "connection.vendor")],
    "sql-only-in-dialects": [("store/enqueue.py", "dialect.execute(statement, params)")],
    "sql-is-not-pasted": [("dialects/base.py", "cursor.execute(f'SELECT {column}')")],
    "conflicts-are-not-ignored": [("store/fire.py", "TaskRun.objects.bulk_create(runs)")],
    "no-shell": [("drawing/layout/dot.py", "subprocess.run(['dot', '-Tsvg'], check=True)")],
    "nothing-is-imported-by-name": [("worker/runner.py", "task = registry.find(row.function)")],
    "no-code-from-data": [("core/payload.py", "import json\nre.compile('a')")],
    "one-pair-of-dice": [
        ("core/triggers/jitter.py", "random.Random(slot).random()"),
        ("store/rescue.py", "DICE.random()"),
    ],
    "markup-is-escaped": [("admin/run.py", "from django.utils.html import format_html")],
    "errors-are-not-swallowed": [("worker/heart.py", "try:\n    beat()\nexcept Exception:\n    logger.exception('x')")],
    "core-has-no-clock": [("store/clock.py", "timezone.now()"), ("core/retry.py", "time.monotonic()")],
    "small-modules": [("store/claim.py", "x = 1\n" * 250)],
    "meaningful-names": [("store/claim.py", "")],
    "known-rooms": [("store/claim.py", ""), ("backend.py", "")],
}
