"""What the index of a site searches: the headings of its pages, and the text below each."""

import json

from bs4 import BeautifulSoup

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def of(one, page):
    """A dictionary for each section of a notebook's page."""
    entries = []
    for block in BeautifulSoup(page, "html.parser").select("main .jp-RenderedMarkdown"):
        for part in block.find_all(recursive=False):
            if part.name in HEADINGS:
                for link in part.select("a.anchor-link"):
                    link.decompose()
                entries.append({"page": one.name, "title": one.title, "anchor": part.get("id", ""), "heading": part.get_text(" ", strip=True), "text": ""})
            elif entries:
                entries[-1]["text"] = f"{entries[-1]['text']} {' '.join(part.get_text(' ').split())}".strip()
            else:
                entries.append({"page": one.name, "title": one.title, "anchor": "", "heading": one.title, "text": " ".join(part.get_text(" ").split())})
    return entries


def as_json(entries):
    """JSON that can stand in a script element, which would end at the characters of a tag."""
    text = json.dumps(entries, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
