"""What both Python sides have in common: the call that they are given, and the line that they answer with."""

import json
import math
import sys
import time


def read_call():
    """The call, JSON in the one argument: see call in call.go."""
    return json.loads(sys.argv[1])


def timed(call, step, batches):
    """Takes as many steps as the call says, and returns the seconds of the first and those of each of the others.

    In a training the first step's are those since the process was started, else those of the step alone.
    """
    seconds = []
    before = time.perf_counter()
    for _ in range(call["steps"]):
        loss = step(next(batches))
        now = time.perf_counter()
        seconds.append(now - before)
        if len(seconds) == 1 and call["do"] == "train":
            seconds[0] = time.time() - call["started"]
        if not math.isfinite(loss):
            raise SystemExit(f"the loss of step {len(seconds)} is {loss}")
        before = time.perf_counter()
    return seconds[0], seconds[1:]


def answer(**measured):
    """Writes the line that the caller reads."""
    print("\nSPEED " + json.dumps({**measured, "peak_mib": peak_mib()}), flush=True)


def peak_mib():
    """The largest resident memory of this process in MiB, without processes that it started; 0 where Linux isn't there."""
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM:"))
    except OSError:
        return 0
