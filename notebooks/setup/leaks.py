"""Shows that a kernel does not grow: python leaks.py [CELLS]. Runs cells of all kinds in one kernel (that print, that open
images and show a figure, that fail, that are interrupted) and prints what the kernel has after the tenth cell, after the last,
and what is left once it is shut down. Exit status 1 where it has grown since the tenth. Needs Linux."""

import os
import sys
import tempfile
import time
from pathlib import Path

from jupyter_client.manager import start_new_kernel

count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
SETTLED = 10  # Cells after which nothing is to grow.
# What may be more without being a leak: Go's collector comes first at a heap of 4 MiB, and its threads stay once they are made.
ALLOWED = {"resident memory in MiB": 4, "threads": 4}
if count <= SETTLED:
    sys.exit(f"CELLS is {count}; it must be at least {SETTLED + 1}")

PRINTS = 'fmt.Println("cell", {i})'
SHOWS = """set := must.M1(data.Shapes{{Seed: {i}}}.Open(data.Train))
defer set.Close()
height, width := set.Size()
picture := must.M1(plots.Picture(must.M1(data.Pixels(set, []int{{ {i} }})), height, width))
must.M(plots.Show(must.M1(plots.ImageGrid("cell {i}", [][]image.Image{{ {{picture}} }}, nil, nil))))
fmt.Println("cell", {i})"""
FAILS = 'fmt.Println("cell", {i})\nmust.M(errors.New("as it should"))'
WAITS = 'fmt.Println("cell", {i})\ntime.Sleep(time.Hour)'
# Half of the cells use the kit, a tenth fail, a tenth are interrupted.
KINDS = [PRINTS, SHOWS, FAILS, SHOWS, PRINTS, SHOWS, WAITS, SHOWS, PRINTS, SHOWS]


def run(i):
    """Runs a cell, and ends the program where it does something else than it should."""
    code = KINDS[i % len(KINDS)]
    said, shown = "", False

    def output(message):
        nonlocal said, shown
        kind, content = message["header"]["msg_type"], message["content"]
        if kind == "stream":
            said += content["text"]
        shown = shown or kind == "display_data"
        if code == WAITS and kind == "stream" and content["name"] == "stdout":
            manager.interrupt_kernel()

    reply = client.execute_interactive("%%\n" + code.format(i=i), output_hook=output, timeout=600, store_history=False)
    status = "error" if code in (FAILS, WAITS) else "ok"
    if f"cell {i}\n" not in said or reply["content"]["status"] != status or shown != (code == SHOWS):
        sys.exit(f"cell {i} should have been {status}:\n{code.format(i=i)}\n{reply['content']}\n{said}")


def below(process):
    """Processes that a process has started, and those that these have, and so on."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()  # The name before it may hold anything.
        except OSError:  # It has ended meanwhile.
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return len(found) - 1


def usage():
    """What the kernel has, a moment after its last cell: it closes that cell's pipes behind its reply."""
    time.sleep(1)
    process = manager.provisioner.pid
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    return {
        "processes below it": below(process),
        "open files": len(os.listdir(f"/proc/{process}/fd")),
        "threads": int(status["Threads"]),
        "temporary files and folders": temporary(),
        "resident memory in MiB": round(int(status["VmRSS"].split()[0]) / 1024, 1),
    }


def temporary():
    return sum(1 for _ in Path(folder).rglob("*"))


with tempfile.TemporaryDirectory() as folder:
    # Both the kernel and the cells keep what is temporary there.
    manager, client = start_new_kernel(kernel_name="gonb", env=dict(os.environ, TMPDIR=folder))
    try:
        looks = {}
        for i in range(1, count + 1):
            run(i)
            if i in (SETTLED, count):
                looks[i] = usage()
            if sys.stdout.isatty():
                print(f"\rcell {i} of {count}", end="\r")
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    after, end = looks[SETTLED], looks[count]
    left = "temporary files and folders, the kernel shut down"
    after[left], end[left] = 0, temporary()
    print(f"{'':50} cell {SETTLED:5} cell {count:5}")
    for name, value in end.items():
        print(f"{name:50} {after[name]:10} {value:10}")
    grown = [name for name, value in end.items() if value > after[name] + ALLOWED.get(name, 0)]
    if grown:
        sys.exit("grown: " + ", ".join(grown))
