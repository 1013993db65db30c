"""Executes a notebook and makes one self-contained HTML page of it.

    python publish.py NOTEBOOK FOLDER [--report FILE] [--no-page]

The executed notebook and the page go to FOLDER; NOTEBOOK itself stays as it is. While a cell runs, its progress bar is
shown: over itself in a terminal, elsewhere as a line now and then. A cell that fails ends it with the cell, its output and
exit status 1; the notebook as far as it came is in FOLDER then. With --report, prints the lines in "headline" of that JSON
file, which the notebook is to write.
"""

import argparse
import html
import json
import re
import shutil
import sys
import threading
import time
from html.parser import HTMLParser
from pathlib import Path

import latex2mathml.converter
import nbformat
from jinja2 import pass_context
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("notebook", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--no-page", action="store_true")
    arguments = parser.parse_args()

    start = time.time()
    notebook = nbformat.read(arguments.notebook, as_version=4)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    executed = arguments.folder / arguments.notebook.name
    try:
        execute(notebook, arguments.notebook)
    finally:
        nbformat.write(notebook, executed)

    page = None
    if not arguments.no_page:
        page = executed.with_suffix(".html")
        text = to_html(notebook, arguments.notebook.stem)
        page.write_text(text, encoding="utf-8")
        if needed := Needed.of(text):
            sys.exit(f"{page} is not self-contained, it needs:\n  " + "\n  ".join(needed))

    if arguments.report:
        if not arguments.report.exists() or arguments.report.stat().st_mtime < start - 1:
            sys.exit(f"{arguments.notebook} did not write {arguments.report}")
        for line in json.loads(arguments.report.read_text(encoding="utf-8"))["headline"]:
            print(line)
    print(f"executed notebook: {executed}")
    if page:
        print(f"page: {page.resolve().as_uri()}")
    minutes, seconds = divmod(round(time.time() - start), 60)
    print(f"time: {minutes} min {seconds} s")


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


def title(cells, index):
    """The heading that a cell stands under, or its first line that says something, not a comment nor a command of GoNB's."""
    for cell in reversed(cells[:index]):
        if cell.cell_type == "markdown" and (headings := re.findall(r"^#+ +(.+)", cell.source, re.MULTILINE)):
            return headings[-1]
    lines = [line.strip() for line in cells[index].source.splitlines()]
    return next((line for line in lines if line and not line.startswith(("//", "%", "!"))), "")


def execute(notebook, path):
    """Runs the cells in order, and shows how far they are."""
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]
    terminal = Terminal(len(code))

    def show(bar):
        terminal.bar = bar

    def before(cell, cell_index, **_):
        if cell_index in code:
            terminal.begin(title(notebook.cells, cell_index))

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


class MathRenderer(IPythonRenderer):
    """Writes formulas as MathML, which browsers show without a script."""

    def block_math(self, body):
        return self.formula(body, "block")

    def inline_math(self, body):
        return self.formula(body, "inline")

    def latex_environment(self, name, body):
        return self.formula(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")

    def formula(self, body, display):
        try:
            return latex2mathml.converter.convert(body.strip(), display=display)
        except Exception:  # Its parser raises what it comes across: the formula's source is readable too.
            return f"<code>{self.text(body)}</code>"


class PageExporter(HTMLExporter):
    @pass_context
    def markdown2html(self, context, source):
        cell = context.get("cell", {})
        renderer = MathRenderer(
            escape=False,
            attachments=cell.get("attachments", {}),
            embed_images=True,
            path=context.get("resources", {}).get("metadata", {}).get("path", ""),
            anchor_link_text=self.anchor_link_text,
        )
        return MarkdownWithMath(renderer=renderer).render(source)


def to_html(notebook, title):
    # GoNB leaves this empty, and nbconvert would then colour the cells as Python.
    notebook.metadata.setdefault("language_info", {})["pygments_lexer"] = "go"
    exporter = PageExporter(
        template_name="page", extra_template_basedirs=[str(Path(__file__).parent)], embed_images=True
    )
    body, _ = exporter.from_notebook_node(
        notebook, resources={"metadata": {"name": title, "path": str(Path(__file__).parent.parent)}}
    )
    return body


class Needed(HTMLParser):
    """Lists what a page would load from outside itself."""

    def __init__(self):
        super().__init__()
        self.found, self.inside = [], ""

    @classmethod
    def of(cls, text):
        parser = cls()
        parser.feed(text)
        return parser.found

    def handle_starttag(self, tag, attributes):
        self.inside = tag
        for name, value in attributes:
            loads = name in ("src", "poster", "srcset") or (name == "data" and tag == "object") or (name == "href" and tag == "link")
            if loads and value and not value.startswith(("data:", "#")):
                self.found.append(f"<{tag} {name}={value[:100]}>")

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.found += re.findall(r"""https?://[^\s"'`]+\.(?:mjs|js|css)\b""", data)
        if self.inside == "style":
            self.found += re.findall(r"""(?:@import|url\()\s*["']?(?:https?:)?//[^\s"')]+""", data)


if __name__ == "__main__":
    main()
