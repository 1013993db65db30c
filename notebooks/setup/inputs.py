"""What the outputs of a notebook depend on, so that it is executed again when something of that has changed, and not else.

That is: its code cells; the packages of this repository that they can reach; go.mod, go.sum and environment.yml; the version of
Go; the files that cells name ("../benchmarks/results/trust.json"); the user's own images; the variables of the environment that
the code reads. The images that its runs were trained on are kept with the runs. The machine is not among it. Nothing is kept but hashes: values of
variables may be paths or secrets.
"""

import hashlib
import os
import re
from pathlib import Path

import provenance

FILES = ("go.mod", "go.sum", "environment.yml")
VARIABLES = r"(SSLKIT|GOMLX|PJRT|XLA)_\w+|GOEXPERIMENT"
# Where runs are kept, and the commit that is written into them, change no result; images are compared by what is in them.
APART = ("SSLKIT_RUNS", "SSLKIT_COMMIT", "SSLKIT_DATA")


def take(notebook, path):
    """The inputs of the notebook at a path, as they are now, but for the images of its runs."""
    source = code(notebook)
    own = os.environ.get("SSLKIT_DATA")
    return {
        "cells": digest("\0".join(cell.source for cell in notebook.cells if cell.cell_type == "code")),
        "packages": packages(path),
        "files": {name: of_file(provenance.repository / name) for name in FILES},
        "go": provenance.said("go", "env", "GOVERSION"),
        "read": {os.path.relpath(file, path.parent): of_file(file) for file in named(source, path.parent)},
        "variables": variables(source),
        "own_images": listing(Path(own)) if own and "SSLKIT_DATA" in source else "",
    }


def code(notebook):
    """The text of the code cells."""
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def packages(path):
    """The hashes of the packages that the cells can reach, by their import paths."""
    return provenance.from_go("cells", "-reach", path)[str(path.absolute())]


def other_images(record, folder, notebook):
    """Of the runs of a notebook's record, which are in a folder: which were trained on images that are others now, and of which
    that is not known, with the reason."""
    then = {run["name"]: run["data_now"] for run in record.get("runs", []) if run.get("data_now")}
    if not then:
        return [], []
    now = {run["name"]: run for run in provenance.runs_now(folder, notebook)}
    others, unknown = [], []
    for name, images in then.items():
        run = now.get(name, {"error": "the run is gone"})
        if not run.get("data_now"):
            unknown.append(f"{name} ({run.get('data_error') or run.get('error') or 'its recipe can not be read'})")
        elif run["data_now"] != images:
            others.append(f"the images of {name}")
    return others, unknown


def named(source, folder):
    """The files that cells name by a path from the notebook's folder. Of a folder that they name, those that they name too
    ("../benchmarks/results/" + "trust"), or else all."""
    runs = {Path(place).resolve() for place in (os.environ.get("SSLKIT_RUNS"), folder / "../runs") if place}
    words = set(re.findall(r'["`]([^"`\n]*)["`]', source))
    found = set()
    for name in (word for word in words if re.match(r"\.\.?/.", word)):
        path = (folder / name).resolve()
        if path in folder.resolve().parents or path == folder.resolve() or not runs.isdisjoint({path, *path.parents}):
            continue  # The repository itself, or what the notebook itself writes.
        files = [file for file in path.rglob("*") if file.is_file()]
        found.update([path] if path.is_file() else [file for file in files if {file.name, file.stem} & words] or files)
    return sorted(found)


def variables(source):
    """The hashes of the variables of the environment that the code reads, or may read."""
    read = set(re.findall(r'(?:Getenv|LookupEnv)\("(\w+)"\)', source))
    return {
        name: digest(value)
        for name, value in sorted(os.environ.items())
        if name not in APART and (name in read or re.fullmatch(VARIABLES, name)) and value
    }


def listing(path):
    """A hash of the names, sizes and times of the files in a folder, or of one file."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    lines = [f"{os.path.relpath(file, path)} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in files]
    return digest("\n".join(lines))


def of_file(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.exists() else ""


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def changes(then, now):
    """What is other now than it was then, in words."""
    words = []
    for key, what in {
        "cells": "its code cells",
        "packages": "",
        "files": "",
        "go": "the version of Go",
        "read": "",
        "variables": "the environment's ",
        "own_images": "the images in SSLKIT_DATA",
    }.items():
        before, after = then.get(key), now.get(key)
        if not isinstance(after, dict):
            words += [what] if before != after else []
            continue
        before = before or {}
        words += [what + name for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name)]
    return words
