"""Times warm cells: python latency.py [CELLS]. Prints the median seconds from sending a cell that calls the kit to its
output, compilation and all, after two cells that warm the kernel up."""

import statistics
import sys
import time

from jupyter_client.manager import start_new_kernel

count = int(sys.argv[1]) if len(sys.argv) > 1 else 10
manager, client = start_new_kernel(kernel_name="gonb")


def run(i):
    text = []

    def output(message):
        kind, content = message["header"]["msg_type"], message["content"]
        if kind == "stream" and content["name"] == "stdout":
            text.append(content["text"])
        elif kind == "error":
            sys.exit("cell failed: " + "\n".join(content["traceback"]))

    start = time.perf_counter()
    # Every cell differs, so that none is found compiled.
    client.execute_interactive(f'%%\nfmt.Println("cell", {i}, device.Describe())', output_hook=output, timeout=600)
    seconds = time.perf_counter() - start
    if f"cell {i} " not in "".join(text):
        sys.exit(f"cell {i} did not print its line: {''.join(text)!r}")
    return seconds


try:
    warming = [run(-2), run(-1)]
    cells = sorted(run(i) for i in range(count))
finally:
    client.stop_channels()
    manager.shutdown_kernel()  # One that is killed leaves its folder of temporary files.
print(f"warm cell: median {statistics.median(cells):.2f} s of {count} ({cells[0]:.2f} to {cells[-1]:.2f}); first cell {warming[0]:.1f} s")
