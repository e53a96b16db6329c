"""The gateway some seconds from now: `python -m tests.fakes.later 3600` starts it with a clock that is an hour ahead, so that nothing has to be waited for."""

import runpy
import sys
import time


def ahead(seconds: float) -> None:
    """From now on the wall clock of this process shows so much more; called before anybody has taken hold of it."""
    real = time.time
    time.time = lambda: real() + seconds


if __name__ == "__main__":
    ahead(float(sys.argv.pop(1)))
    runpy.run_module("functions.local", run_name="__main__")
