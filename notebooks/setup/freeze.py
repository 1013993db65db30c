"""Executes notebooks, but for those that are up to date, and makes their pages.

    python freeze.py NOTEBOOK... FOLDER [--force] [--fresh]

The executed notebooks and their pages go to FOLDER. One is up to date where the executed notebook there, or else NOTEBOOK
itself, was executed to its end with the inputs that inputs.py tells of, as they are now; where its text alone changed, it gets
the new text. For each notebook, it is said since when it is up to date, or why it is executed. With --force, all are. A cell
that fails ends its notebook; the others are executed all the same, those that failed are listed in the end, and the exit status
is 1.

Executing a notebook again trains nothing again that its run directories hold: with --fresh, these are removed first.

To publish new results, copy the executed notebook over NOTEBOOK.
"""

import argparse
import shutil
import sys
from pathlib import Path

import nbformat

import inputs
import provenance
import publish
from execute import Failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("notebooks", type=Path, nargs="+")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--force", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    arguments = parser.parse_args()

    arguments.folder.mkdir(parents=True, exist_ok=True)
    done, kept, failed = 0, 0, []
    for path in arguments.notebooks:
        executed = arguments.folder / path.name
        depends = inputs.take(nbformat.read(path, as_version=4), path)
        why = "all are" if arguments.force else reason(path, executed, depends)
        if not why:
            kept += 1
            continue
        print(f"{path}: executed: {why}", flush=True)
        if arguments.fresh:
            shutil.rmtree(publish.runs_folder(path), ignore_errors=True)
        try:
            notebook = publish.execute_into(path, executed, depends)
        except Failed as failure:
            print(f"{path}: {failure}", file=sys.stderr)
            failed.append(path)
            continue
        print(f"page: {publish.write_page(notebook, executed).resolve().as_uri()}")
        done += 1
    print(f"up to date: {kept}, executed: {done}, failed: {len(failed)}", flush=True)
    if failed:
        sys.exit("failed: " + ", ".join(map(str, failed)))


def reason(path, executed, now):
    """Why the notebook at a path must be executed; nothing where it is up to date, which is said then."""
    why = "it was not executed to its end before"
    for candidate in (executed, path):
        notebook = nbformat.read(candidate, as_version=4) if candidate.exists() else nbformat.v4.new_notebook()
        record = notebook.metadata.get(provenance.KEY, {})
        if "inputs" not in record:
            continue
        others, unknown = inputs.other_images(record, publish.runs_folder(path), path)
        if changed := inputs.changes(record["inputs"], now) + others:
            why = "changed: " + ", ".join(changed)
            continue
        print(f"{path}: up to date since {provenance.since(notebook)}")
        for run in unknown:
            print(f"  not known whether its images are the same: {run}")
        new = with_outputs(nbformat.read(path, as_version=4), notebook)
        if candidate == path or new != notebook or not executed.with_suffix(".html").exists():
            nbformat.write(new, executed)
            publish.write_page(new, executed)
        return ""
    return why


def with_outputs(notebook, executed):
    """The notebook, whose text may have changed, with the outputs and the record of an execution of the same code cells."""
    cells = {name: [cell for cell in one.cells if cell.cell_type == "code"] for name, one in (("to", notebook), ("from", executed))}
    for to, source in zip(cells["to"], cells["from"], strict=True):
        to.outputs, to.execution_count, to.metadata = source.outputs, source.execution_count, source.metadata
    index = notebook.metadata.get(provenance.KEY, {}).get("index")
    record = {key: value for key, value in executed.metadata[provenance.KEY].items() if key != "index"}
    notebook.metadata = executed.metadata | {provenance.KEY: record | ({"index": index} if index else {})}
    return notebook


if __name__ == "__main__":
    main()
