"""Executes the cells of a notebook in order, and shows how far they are.

While a cell runs, its progress bar is shown: over itself in a terminal, elsewhere as a line now and then.
"""

import html
import re
import shutil
import sys
import threading
import time

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

import makepage


class Failed(Exception):
    """A cell failed; what it was and what it printed was told."""


class Terminal:
    """Shows which cell runs, for how long, and its progress bar: in one line over itself in a terminal, elsewhere (a log) as
    a line now and then."""

    every = 15  # Seconds between two lines of a log.

    def __init__(self, cells):
        self.cells, self.cell, self.bar, self.width = cells, 0, "", 0
        self.over_itself = sys.stdout.isatty()
        self.stop = threading.Event()

    def begin(self, title):
        self.cell, self.bar, self.start = self.cell + 1, "", time.time()
        self.title = f"[{self.cell}/{self.cells}] {title}"
        self.stop.clear()
        # Beside the cell, so that the time moves on also where the cell says nothing.
        if self.over_itself:
            self.draw(self.title)
        else:
            print(f"{self.title[:76]:76}", end="", flush=True)
        self.quiet = True  # Nothing was written to the log since its title.
        self.clock = threading.Thread(target=self.tick, daemon=True)
        self.clock.start()

    def tick(self):
        while not self.stop.wait(0.5 if self.over_itself else self.every):
            seconds = time.time() - self.start
            if self.over_itself:
                self.draw(f"{self.title[:40]:40} {seconds:4.0f} s  {self.bar}")
            else:
                print(f"\n{seconds:6.0f} s  {self.bar or 'running'}", end="", flush=True)
                self.quiet = False

    def end(self, word=""):
        """Ends the cell with the seconds that it took, or with a word for what became of it."""
        self.stop.set()
        self.clock.join()
        word = word or f"{time.time() - self.start:.1f} s"
        if self.over_itself:
            self.draw(f"{self.title[:76]:76} {word:>8}")
            print(flush=True)
        else:
            print(f" {word:>8}" if self.quiet else f"\n{word:>8}", flush=True)
        self.width = 0

    def draw(self, line):
        """Draws over the line, which must not wrap for that."""
        line = line[: shutil.get_terminal_size().columns - 1]
        print("\r" + line.ljust(self.width), end="", flush=True)
        self.width = len(line)


class Client(NotebookClient):
    """Executes a notebook and hands each drawing of a progress bar to show: kit sends them as updates of a <pre>."""

    show = staticmethod(lambda bar: None)

    def process_message(self, message, cell, cell_index):
        if message["msg_type"] in ("display_data", "update_display_data"):
            content = message["content"]
            bar = re.fullmatch("<pre>(.*)</pre>", str(content.get("data", {}).get("text/html", "")))
            if bar and (content.get("transient") or {}).get("display_id"):
                self.show(html.unescape(bar[1]))
        return super().process_message(message, cell, cell_index)


def execute(notebook, path):
    """Runs the cells of the notebook at a path. Where one fails, tells the cell and its output, and raises Failed: the outputs
    up to there are in the notebook."""
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]
    terminal = Terminal(len(code))

    def show(bar):
        terminal.bar = bar

    def before(cell, cell_index, **_):
        if cell_index in code:
            terminal.begin(makepage.title(notebook.cells, cell_index))

    def after(cell_index, execute_reply, **_):
        if cell_index in code:
            terminal.end("" if execute_reply["content"]["status"] == "ok" else "failed")

    client = Client(
        notebook,
        kernel_name="gonb",
        timeout=None,
        extra_arguments=["-raw_error"],  # Compiler messages as text, for the terminal.
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_execute=before,
        on_cell_executed=after,
    )
    client.show = show
    try:
        client.execute()
    except CellExecutionError as failure:
        cell = next(c for c in notebook.cells if any(o.output_type == "error" for o in c.get("outputs", [])))
        print(cell.source, file=sys.stderr)
        print("-" * 72, file=sys.stderr)
        for output in cell.outputs:
            text = output.get("text") or output.get("data", {}).get("text/plain")
            if output.output_type == "error":
                text = f"{output.ename}: {output.evalue}"
            if text:
                print(text.rstrip(), file=sys.stderr)
        raise Failed("a cell failed") from failure
    except DeadKernelError as failure:
        raise Failed("the kernel died") from failure
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = joined(cell.outputs)


def joined(outputs):
    """Makes one of texts that follow each other: how a kernel cuts them up depends on the moment.

    nbclient's coalesce_streams would also move texts past the figures between them."""
    out = []
    for output in outputs:
        if output.output_type == "stream" and out and out[-1].output_type == "stream" and out[-1].name == output.name:
            out[-1].text += output.text
        else:
            out.append(output)
    return out
