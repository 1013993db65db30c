"""Writes the Jupyter kernel of this checkout: python kernel.py REPOSITORY, into the environment that runs it.

It is what `gonb --install` writes, but for this environment alone, with the repository as the workspace of every
notebook (so that a cell can use its packages without set-up), and with settings that make cells quick and repeatable.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

repository = Path(sys.argv[1]).resolve()
environment = Path(sys.prefix)


def go_env(name):
    return subprocess.run(["go", "env", name], check=True, capture_output=True, text=True).stdout.strip()


def links(linker_flags):
    """Tells whether a program that uses XLA, as cells do, can be linked with the flags, and runs."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "program")
        build = ["go", "build", f"-ldflags={linker_flags}", "-o", program, "./notebooks/setup"]
        if subprocess.run(build, cwd=repository, capture_output=True).returncode != 0:
            return False
        fast = dict(os.environ, GOMLX_BACKEND="go")  # Whether it runs, not on what.
        return subprocess.run([program], env=fast, capture_output=True).returncode == 0


# A cell is compiled and linked each time it runs. It needs no symbol table and no debug information, which nearly halves
# the time to link; and Go's own linker is faster than the C compiler's, where it can do the work.
go_flags = go_env("GOFLAGS")
if "-ldflags" not in go_flags:
    linker_flags = "-s -linkmode=internal"
    if not links(linker_flags):
        linker_flags = "-s"
    go_flags = f"{go_flags} '-ldflags={linker_flags}'".strip()

kernel = {
    "argv": [
        str(environment / "bin" / "gonb"),
        "--kernel",
        "{connection_file}",
        f"-go_work={repository}",
        # GoNB's log would go to the terminal, a line for each cell. What ends the kernel is still shown.
        "-logtostderr=false",
        f"-log_file={os.devnull}",
        "-stderrthreshold=FATAL",
    ],
    "display_name": "Go (sslkit)",
    "language": "go",
    "interrupt_mode": "message",
    "env": {
        # Jupyter puts the PATH it was started with in the place of ${PATH}.
        "PATH": f"{environment}/bin:{go_env('GOROOT')}/bin:${{PATH}}",
        "VIRTUAL_ENV": str(environment),
        "GOFLAGS": go_flags,
        # GoNB runs `go get` before it compiles a cell. That would ask the network for the latest version of everything
        # the cell imports, and compile it with that: here a cell gets the versions in go.mod, and needs no network.
        "GOPROXY": "off",
        # A go.work of the user's own must not take the place of the kernel's.
        "GOWORK": "",
    },
}
folder = environment / "share" / "jupyter" / "kernels" / "gonb"
folder.mkdir(parents=True, exist_ok=True)
(folder / "kernel.json").write_text(json.dumps(kernel, indent=2) + "\n")
