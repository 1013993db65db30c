"""Writes the list of packages that cells may use without an import, for ./goimports: python packages.py FILE, run in the
repository. A line is a package's name and its import path. In it are the repository's packages and those they are
built on, save what has the name of one of the repository's or of the standard library's."""

import subprocess
import sys
from pathlib import Path


def go_list(*arguments):
    output = subprocess.run(["go", "list", "-e", *arguments], check=True, capture_output=True, text=True).stdout
    return [line.split() for line in output.splitlines() if line.strip()]


module = go_list("-m")[0][0]
extra = ["github.com/janpfeifer/gonb/gonbui"]
standard = {name for (name,) in go_list("-f", "{{.Name}}", "std")}
packages = [
    (name, path)
    for name, path in go_list("-deps", "-f", "{{if not .Standard}}{{.Name}} {{.ImportPath}}{{end}}", "./...", *extra)
    if name != "main" and name not in standard and "internal" not in path.split("/")
]
own = [(name, path) for name, path in packages if f"{path}/".startswith(f"{module}/")]
names = {name for name, _ in own}
lines = own + [(name, path) for name, path in packages if name not in names]
target = Path(sys.argv[1])
text = "".join(f"{name} {path}\n" for name, path in lines)
if not target.exists() or target.read_text() != text:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
