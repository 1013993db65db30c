"""What the index of the notebooks tells of one of them.

Most of it is read from the notebook: its title, its first sentence, its first figure, what executing it took, and the claims that
a case study wrote. What can't be is in its metadata, all of it optional:

    "sslkit": {"index": {"order": 50, "shows": "…", "full": "…"}}

order is its place in the reading order, ascending; notebooks without one come last, by name. shows is what it shows, in place of
its first sentence. full is what its full setting costs, where it has one.
"""

import base64
import re
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import nbformat

import provenance


@dataclass
class About:
    path: Path
    notebook: nbformat.NotebookNode
    order: float
    title: str
    shows: str  # In a sentence or two.
    here: str  # What executing it took; empty where that is not known.
    full: str  # What its full setting costs, or empty.
    claims: list  # As kit.Claim.

    @property
    def name(self):
        return self.path.stem


def of(path):
    """What is told of the notebook at a path."""
    notebook = nbformat.read(path, as_version=4)
    record = notebook.metadata.get(provenance.KEY, {})
    index = record.get("index", {})
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    heading = re.search(r"^# +(.+)", text, re.MULTILINE)
    # The numbers of a notebook that was made small are no results.
    claims = [] if record.get("small") else record.get("claims", [])
    return About(
        path, notebook, index.get("order", float("inf")), heading[1].strip() if heading else path.stem,
        index.get("shows") or first_sentence(text), cost(notebook), index.get("full", ""), claims,
    )


def in_order(paths):
    return sorted(map(of, paths), key=lambda about: (about.order, about.name))


def first_sentence(text):
    """The first sentence of the first paragraph, without the marks of Markdown."""
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line for line in paragraph.strip().splitlines() if not re.match(r"#|[-*>|]|!\[|\d+\.", line)]
        if lines:
            plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(lines)).replace("**", "").replace("`", "")
            plain = re.sub(r"(?<!\w)[*_]([^*_]+)[*_](?!\w)", r"\1", plain)
            return re.split(r"(?<=[.?!:])\s+(?=[A-Z0-9])", plain)[0].rstrip(":")
    return ""


def cost(notebook):
    """What executing the notebook takes, its trainings included, and on what. Where that was not recorded, the times that
    Jupyter keeps of its cells tell what it takes at least: trainings may have been finished before."""
    record = notebook.metadata.get(provenance.KEY, {})
    if record.get("small"):
        return ""
    seconds, least = record.get("seconds"), ""
    if seconds is None:
        least = "at least "
        times = [t for cell in notebook.cells for key, t in cell.metadata.get("execution", {}).items() if key in ("iopub.status.busy", "shell.execute_reply")]
        if not times:
            return "" if any(cell.get("outputs") for cell in notebook.cells) else "not executed yet"
        times = [datetime.fromisoformat(t.replace("Z", "+00:00")) for t in times]
        seconds = (max(times) - min(times)).total_seconds()
    # What was trained before was only loaded, and costs whoever executes the notebook anew all the same.
    seconds += sum(run["seconds"] for run in record.get("runs", []) if run.get("began", "") < record.get("executed", "").replace("+00:00", "Z"))
    machine = record.get("machine", {})
    accelerator = machine.get("accelerator", "none")
    where = accelerator if accelerator != "none" else f"{machine['cores']} cores" if machine.get("cores") else ""
    return least + duration(seconds) + (f" on {where}" if where else "")


def duration(seconds):
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def first_figure(notebook):
    """The first figure among the outputs as a data URI, PNGs scaled down; empty where there is none."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if svg := re.search(r'src="(data:image/svg\+xml;base64,[^"]*)"', data.get("text/html", "")):
                return svg[1]
            if "image/png" in data:
                scaled = subprocess.run(
                    ["go", "run", "./notebooks/setup/thumbnail"],
                    cwd=provenance.repository,
                    input=base64.b64decode(data["image/png"]),
                    check=True,
                    capture_output=True,
                ).stdout
                return "data:image/png;base64," + base64.b64encode(scaled).decode()
    return ""
