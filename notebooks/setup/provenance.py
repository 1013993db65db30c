"""What a page says of the execution that it shows: when, with which versions, on what machine, from which commit.

It is taken while the notebook is executed and kept in the notebook's metadata, so that a page made later, elsewhere, still
speaks of that execution. No file paths: they would say where somebody's home is, and nothing about the results.
"""

import json
import os
import re
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

KEY = "sslkit"  # In the notebook's metadata.
MODULES = {  # Names for a reader, and the modules that have the versions.
    "GoMLX": "github.com/gomlx/gomlx",
    "compute": "github.com/gomlx/compute",
    "go-xla": "github.com/gomlx/go-xla",
    "GoNB": "github.com/janpfeifer/gonb",
}
repository = Path(__file__).resolve().parent.parent.parent


def said(*command, **environment):
    """What a command prints; nothing where there is no such command or it fails."""
    try:
        done = subprocess.run(command, cwd=repository, env=os.environ | environment, capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def from_go(command, *arguments):
    """What a Go command of this folder prints, read as JSON. Paths among the arguments may be relative to the working folder."""
    done = subprocess.run(
        ["go", "run", f"./notebooks/setup/{command}", *(a.absolute() if isinstance(a, Path) else a for a in arguments)],
        cwd=repository,
        env=os.environ | {"VIRTUAL_ENV": sys.prefix},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        sys.exit(f"go run ./notebooks/setup/{command}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def runs(folder, notebook):
    """How the runs of the notebook at a path, which are in a folder, came about, with the fingerprints of their images, but for
    errors: they hold paths."""
    return [{key: value for key, value in run.items() if not key.endswith("error")} for run in runs_now(folder, notebook)]


def runs_now(folder, notebook):
    """What ./trainings tells of the runs in a folder, of which paths of images may begin at the notebook's."""
    return from_go("trainings", "-open", notebook.parent, folder)


def proc(file, name):
    """The first value of that name in a file of Linux's /proc."""
    try:
        found = re.search(rf"^{name}\s*:\s*(.*)$", Path(file).read_text(errors="replace"), re.MULTILINE)
    except OSError:
        return ""
    return found[1].strip() if found else ""


def machine():
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    accelerators = [proc(file, "Model") for file in Path("/proc/driver/nvidia/gpus").glob("*/information")]
    memory = proc("/proc/meminfo", "MemTotal").split()
    return {
        "cores": cores,
        "processor": proc("/proc/cpuinfo", "model name"),
        "memory_gib": round(int(memory[0]) / 2**20) if memory else 0,
        "accelerator": ", ".join(filter(None, accelerators)) or "none",
    }


def commit():
    """The commit of the repository, with "+changes" where its files differ from it."""
    head = said("git", "rev-parse", "HEAD")
    return head + ("+changes" if head and said("git", "status", "--porcelain") else "")


def seeds(notebook):
    """The seeds that cells give as numbers, each once."""
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return sorted({int(seed) for seed in re.findall(r"\bSeed:\s*(\d+)", source)})


def take(notebook):
    """What is true of an execution that begins now, and what its author says of the notebook."""
    said_of_it = notebook.metadata.get(KEY, {}).get("index")
    return ({"index": said_of_it} if said_of_it else {}) | {
        "executed": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": commit(),
        "go": said("go", "env", "GOVERSION"),
        "modules": {name: said("go", "list", "-m", "-f", "{{.Version}}", path) for name, path in MODULES.items()},
        "backend": said("go", "run", "./notebooks/setup", VIRTUAL_ENV=sys.prefix),  # As the kernel finds it.
        "machine": machine(),
        "seeds": seeds(notebook),
        "small": bool(os.environ.get("SSLKIT_QUICK")),
        "own_images": bool(os.environ.get("SSLKIT_DATA")),
    }


def lines(notebook):
    """The foot of the page: pairs of a name and what to say. What was not recorded is not said."""
    record = notebook.metadata.get(KEY, {})
    machine = record.get("machine", {})
    versions = [record.get("go") or notebook.metadata.get("language_info", {}).get("version", "")]
    versions += [f"{name} {version}" for name, version in record.get("modules", {}).items() if version]
    hardware = [
        machine.get("processor", ""),
        f"{machine['cores']} cores" if machine.get("cores") else "",
        f"{machine['memory_gib']} GiB of memory" if machine.get("memory_gib") else "",
        f"accelerator: {machine['accelerator']}" if machine.get("accelerator") else "",
    ]
    notes = [
        "made small (SSLKIT_QUICK), to see that all works: not results" if record.get("small") else "",
        "on images of the user's own (SSLKIT_DATA)" if record.get("own_images") else "",
    ]
    pairs = {
        "Executed": since(notebook),
        "Note": ", ".join(filter(None, notes)),
        "Commit": record.get("commit", ""),
        "Versions": ", ".join(filter(None, versions)),
        "Backend": record.get("backend", ""),
        "Machine": ", ".join(filter(None, hardware)),
        "Seeds in the cells": ", ".join(map(str, record.get("seeds", seeds(notebook)))),
    }
    return [(name, text) for name, text in pairs.items() if text]


def since(notebook):
    """When the notebook was executed, for a reader."""
    then = notebook.metadata.get(KEY, {}).get("executed") or executed(notebook)
    return then.replace("T", " ").replace("+00:00", " UTC")


def executed(notebook):
    """When the last cell ended, from what Jupyter keeps of each cell; only the day, and nothing where it kept none."""
    times = [
        time
        for cell in notebook.cells
        for time in [cell.metadata.get("execution", {}).get("shell.execute_reply", "")]
        if time
    ]
    return max(times, default="")[:10]
