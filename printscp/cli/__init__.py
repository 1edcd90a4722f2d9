"""The command line: a module for each command, or for few that belong together.

Each command imports what it needs when it is called, so that the others do not wait for it.
"""

import gc


def main() -> None:
    """Entry point: what an operator did wrong is one line and an exit code, never a traceback."""
    # What modules bring along stays: to search it for garbage, while they load and once more at the end, is a
    # fifth of the time of a short command. Those that take longer turn the collector on again.
    gc.disable()
    from printscp.cli.app import run

    try:
        run()
    finally:
        gc.freeze()
