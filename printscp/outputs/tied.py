"""A program that becomes another one, which dies with the process that started it (on Linux).

A film that is on its way out must not go on when its worker is dead: another worker sends it again. Run as
``tied.py PARENT PROGRAM ARGUMENT...``, the arguments from the zeroth.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Entry point."""
    parent, program, *arguments = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(parent):
            sys.exit("ERROR: the worker is gone")
    try:
        os.execv(program, arguments)
    except OSError as error:
        sys.exit(f"ERROR: {program}: {error.strerror}")


if __name__ == "__main__":
    main()
