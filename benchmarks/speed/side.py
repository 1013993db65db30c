"""What both Python sides have in common: the call that they are given, and the lines that they answer with."""

import json
import math
import os
import sys
import time


# What libraries print goes to standard error, so that answers stand alone.
lines = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def read_call(**versions):
    """Writes the versions, the first line, and reads the call, a line of JSON: see call in call.go."""
    print(json.dumps(versions), file=lines, flush=True)
    return json.loads(sys.stdin.readline())


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
    print(json.dumps({**measured, "peak_mib": peak_mib()}), file=lines, flush=True)


def peak_mib():
    """The largest resident memory of this process in MiB, without processes that it started; 0 where Linux isn't there."""
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM:"))
    except OSError:
        return 0
