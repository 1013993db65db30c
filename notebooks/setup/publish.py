"""Executes a notebook and makes one self-contained HTML page of it.

    python publish.py NOTEBOOK FOLDER [--headlines FILE] [--no-page | --only-page]

The executed notebook and the page go to FOLDER; NOTEBOOK itself stays as it is. While a cell runs, its progress bar is
shown: over itself in a terminal, elsewhere as a line now and then. A cell that fails ends it with the cell, its output and
exit status 1; the notebook as far as it came is in FOLDER then. With --headlines, prints the lines in "headline" of that JSON
file, which the notebook is to write. With --only-page, nothing is executed: the page shows the notebook as it is.

To publish new results, copy the executed notebook over NOTEBOOK.
"""

import argparse
import html
import json
import re
import shutil
import sys
import threading
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

import makepage
import provenance


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("notebook", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--headlines", type=Path)
    parser.add_argument("--no-page", action="store_true")
    parser.add_argument("--only-page", action="store_true")
    arguments = parser.parse_args()

    start = time.time()
    notebook = nbformat.read(arguments.notebook, as_version=4)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    executed = arguments.folder / arguments.notebook.name
    if arguments.only_page:
        print(f"page: {write_page(notebook, executed).resolve().as_uri()}")
        return
    try:
        notebook.metadata[provenance.KEY] = provenance.take(notebook)
        execute(notebook, arguments.notebook)
    finally:
        nbformat.write(notebook, executed)
    page = None if arguments.no_page else write_page(notebook, executed)

    if arguments.headlines:
        if not arguments.headlines.exists() or arguments.headlines.stat().st_mtime < start - 1:
            sys.exit(f"{arguments.notebook} did not write {arguments.headlines}")
        for line in json.loads(arguments.headlines.read_text(encoding="utf-8"))["headline"]:
            print(line)
    print(f"executed notebook: {executed}")
    if page:
        print(f"page: {page.resolve().as_uri()}")
    minutes, seconds = divmod(round(time.time() - start), 60)
    print(f"time: {minutes} min {seconds} s")


def write_page(notebook, executed):
    """Writes the page beside the executed notebook."""
    page = executed.with_suffix(".html")
    text = makepage.to_html(notebook, executed.stem)
    page.write_text(text, encoding="utf-8")
    if needed := makepage.Needed.of(text):
        sys.exit(f"{page} is not self-contained, it needs:\n  " + "\n  ".join(needed))
    return page


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
    """Runs the cells in order, and shows how far they are."""
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
        sys.exit(1)
    except DeadKernelError:
        sys.exit("\nthe kernel died")
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


if __name__ == "__main__":
    main()
