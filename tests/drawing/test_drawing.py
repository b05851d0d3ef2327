from __future__ import annotations

import subprocess
import sys

from django_tasks_fsm import drawing


def test_everything_that_is_offered_is_there():
    assert [name for name in drawing.__all__ if not hasattr(drawing, name)] == []


def test_drawing_needs_neither_models_nor_a_database():
    """In a process of its own: here other tests have imported both."""
    code = "import django_tasks_fsm.drawing, sys; print([m for m in sys.modules if m.startswith('django.db')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
