"""Executes a notebook and makes one self-contained HTML page of it.

    python publish.py NOTEBOOK FOLDER [--headlines FILE] [--no-page | --only-page]

The executed notebook and the page go to FOLDER; NOTEBOOK itself stays as it is. A cell that fails ends it with the cell, its
output and exit status 1; the notebook as far as it came is in FOLDER then. With --headlines, prints the lines in "headline" of
that JSON file, which the notebook is to write. With --only-page, nothing is executed: the page shows the notebook as it is.

To publish new results, copy the executed notebook over NOTEBOOK.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import nbformat

import inputs
import makepage
import provenance
from execute import Failed, execute


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("notebook", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--headlines", type=Path)
    parser.add_argument("--no-page", action="store_true")
    parser.add_argument("--only-page", action="store_true")
    arguments = parser.parse_args()

    start = time.time()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    executed = arguments.folder / arguments.notebook.name
    if arguments.only_page:
        print(f"page: {write_page(nbformat.read(arguments.notebook, as_version=4), executed).resolve().as_uri()}")
        return
    try:
        notebook = execute_into(arguments.notebook, executed)
    except Failed as failure:
        sys.exit(f"{arguments.notebook}: {failure}")
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


def execute_into(path, executed, depends=None):
    """Executes the notebook at a path, and writes it to another with the record of it: how it was executed and how long that
    took, its runs, its claims, and what its outputs depend on, as it was at the beginning. All but the first are missing where
    a cell failed, which raises Failed."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata[provenance.KEY] = provenance.take(notebook)
    record = notebook.metadata[provenance.KEY]
    start = time.time()
    depends = depends or inputs.take(notebook, path)
    try:
        execute(notebook, path)
        record["seconds"] = round(time.time() - start)
        record["runs"] = provenance.runs(runs_folder(path), path)
        record["claims"] = claims(runs_folder(path) / "headlines.json")
        record["inputs"] = depends
    finally:
        nbformat.write(notebook, executed)
    return notebook


def runs_folder(path):
    """Where the notebook at a path keeps its runs."""
    return Path(os.environ.get("SSLKIT_RUNS") or path.parent / "../runs") / path.stem


def claims(headlines):
    """What a case study wrote of its claims by kit.Headlines."""
    return json.loads(headlines.read_text(encoding="utf-8")).get("claims", []) if headlines.exists() else []


def write_page(notebook, executed):
    """Writes the page beside the executed notebook."""
    page = executed.with_suffix(".html")
    text = makepage.to_html(notebook, executed.stem)
    page.write_text(text, encoding="utf-8")
    if needed := makepage.Needed.of(text):
        sys.exit(f"{page} is not self-contained, it needs:\n  " + "\n  ".join(needed))
    return page


if __name__ == "__main__":
    main()
