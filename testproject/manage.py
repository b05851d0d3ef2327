#!/usr/bin/env python
"""Run a management command of the test project."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line with the project's settings, unless the environment names others."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
