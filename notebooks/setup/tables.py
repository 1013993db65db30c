"""Writes the tables of a page of Markdown about notebooks, from what the notebooks say and what they wrote.

    python tables.py [--check] NOTEBOOK... README

A table stands between <!-- name --> and <!-- end -->; its name is notebooks or claims. With --check, nothing is written, and the
exit status is 1 where a table is not what the notebooks give.
"""

import argparse
import re
import sys
from pathlib import Path

import about


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("notebooks", type=Path, nargs="+")
    parser.add_argument("readme", type=Path)
    arguments = parser.parse_args()

    notebooks = about.in_order(arguments.notebooks)
    text = arguments.readme.read_text(encoding="utf-8")
    new = text
    for name, rows in {"notebooks": of_notebooks(notebooks), "claims": of_claims(notebooks)}.items():
        pattern = rf"(?s)(<!-- {name} -->\n).*?(<!-- end -->)"
        if not re.search(pattern, new):
            sys.exit(f"{arguments.readme}: there is no <!-- {name} --> with an <!-- end --> below it")
        new = re.sub(pattern, lambda match: match[1] + rows + match[2], new)
    if new == text:
        return
    if arguments.check:
        sys.exit(f"{arguments.readme}: the tables are not what the notebooks give; make index writes them")
    arguments.readme.write_text(new, encoding="utf-8")
    print(f"written: {arguments.readme}")


def of_notebooks(notebooks):
    rows = [(f"[{one.title}]({one.path.name})", one.shows, one.here or "not known", one.full or "the same") for one in notebooks]
    return table(("notebook", "what it shows", "cost here", "cost in full"), rows)


def of_claims(notebooks):
    rows = [
        (claim["claim"], claim["paper"], claim["ours"], claim["verdict"], f"[{one.name}]({one.path.name})") for one in notebooks for claim in one.claims
    ]
    return table(("claim", "the paper's figure", "ours", "verdict", "notebook"), rows) if rows else "No case study wrote one yet.\n"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |\n" for line in lines)


if __name__ == "__main__":
    main()
