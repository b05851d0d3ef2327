"""Turn into another program that dies with the thread that started it: ``python tether.py PROGRAM ARGUMENT...``.

A program instead of ``preexec_fn``, which must not be used once there are threads. On systems other than Linux it only
turns into the program. Ctrl-C means what it means to a person, though shells let what runs in the background ignore it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
