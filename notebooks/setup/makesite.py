"""Makes a static site of notebooks as they are, executing nothing.

    python makesite.py NOTEBOOK... FOLDER

The site goes to FOLDER, which must be empty or not there: an index with a search, a page for each notebook, and beside them the
notebooks and the files of results that they read and wrote. It needs no server, and asks no network for anything. Where a link
leads nowhere, the links are listed and the exit status is 1.
"""

import argparse
import html
import re
import shutil
import string
import sys
from pathlib import Path
from types import SimpleNamespace

import jinja2
import markupsafe

import about
import inputs
import linkcheck
import makepage
import provenance
import publish
import runlines
import searchindex

here = Path(__file__).parent


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("notebooks", type=Path, nargs="+")
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        sys.exit(f"{folder} is not empty")

    notebooks = about.in_order(arguments.notebooks)
    entries = []
    for i, one in enumerate(notebooks):
        site = SimpleNamespace(
            previous=notebooks[i - 1] if i else None,
            next=notebooks[i + 1] if i + 1 < len(notebooks) else None,
            files=files(one, folder),
            runs=[SimpleNamespace(name=run["name"], lines=runlines.of(run)) for run in record(one).get("runs", [])],
            citation=citation(one),
        )
        text = with_linked_files(makepage.to_html(one.notebook, one.name, site), one, folder)
        (folder / f"{one.name}.html").write_text(text, encoding="utf-8")
        entries += searchindex.of(one, text)
    write_index(notebooks, entries, folder)
    if wrong := linkcheck.of(folder):
        sys.exit("links that lead nowhere, or out of the site:\n  " + "\n  ".join(wrong))
    print(f"site: {(folder / 'index.html').resolve().as_uri()}")


def record(one):
    return one.notebook.metadata.get(provenance.KEY, {})


def files(one, folder):
    """Copies the notebook, and the JSON and CSV files that its cells read and wrote. What is not here is said."""
    source = inputs.code(one.notebook)
    runs = publish.runs_folder(one.path)
    written = set(re.findall(r'["`/]([\w.-]+\.(?:json|csv))["`]', source))
    all_files = [(one.path, "the notebook, with its outputs")]
    read = [file for file in inputs.named(source, one.path.parent) if file.suffix in (".json", ".csv")]
    all_files += [(file, "read by its cells") for file in read]
    for name in sorted(written - {file.name for file in read}):
        found = sorted(runs.rglob(name))
        all_files += [(file, "written by its cells") for file in found]
        if not found:
            print(f"{one.name}: {name} is not offered to be downloaded, since it is not in {runs}")
    out, root = [], one.path.parent.parent.resolve()
    for file, what in all_files:
        inside = Path(file.name)  # By their folders, since two may have the same name.
        if runs in file.parents:
            inside = "runs" / file.relative_to(runs)
        elif file != one.path and root in file.parents:
            inside = file.relative_to(root)
        target = folder / "files" / one.name / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        out.append(SimpleNamespace(href=target.relative_to(folder).as_posix(), name=inside.as_posix(), what=f": {what}"))
    return out


def with_linked_files(text, one, folder):
    """Copies the files of the repository that the text links to, and leads the links to them."""
    root = one.path.parent.parent.resolve()

    def copied(match):
        path, mark, fragment = html.unescape(match[1]).partition("#")
        file = one.path.parent / path
        if not path or re.match(r"[a-z]+:", path) or path.endswith(".html") or (folder / path).exists() or not file.is_file():
            return match[0]
        if root not in file.resolve().parents:
            return match[0]
        target = folder / "files" / "repository" / file.resolve().relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        return f'href="{html.escape(target.relative_to(folder).as_posix())}"'

    return re.sub(r'href="([^"]*)"', copied, text)


def citation(one):
    of = record(one)
    executed = of.get("executed", "")
    note = ", ".join(filter(None, [f"Executed {executed[:10]}" if executed else "Not executed", f"commit {of['commit']}" if of.get("commit") else ""]))
    text = string.Template((here / "page" / "citation.bib").read_text(encoding="utf-8"))
    return text.substitute(name=one.name, title=one.title, year=executed[:4] or "n.d.", note=note).rstrip()


def write_index(notebooks, entries, folder):
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(here / "site"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    text = environment.get_template("index.html.j2").render(
        notebooks=[SimpleNamespace(about=one, figure=about.first_figure(one.notebook)) for one in notebooks],
        entries=markupsafe.Markup(searchindex.as_json(entries)),
        style=markupsafe.Markup((here / "site" / "site.css").read_text(encoding="utf-8")),
        script=markupsafe.Markup((here / "site" / "search.js").read_text(encoding="utf-8")),
    )
    (folder / "index.html").write_text(text.replace("<!-- policy -->", makepage.policy(text), 1), encoding="utf-8")


if __name__ == "__main__":
    main()
