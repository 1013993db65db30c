"""Checks the links of a site: each file and each section that a page leads to must be in it, and it must load nothing from
elsewhere. Links to other sites are not followed."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from makepage import Needed


class Page(HTMLParser):
    """The links of a page, and what in it a link can lead to."""

    def __init__(self, text):
        super().__init__()
        self.links, self.targets = [], {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" or (tag == "a" and name == "name"):
                self.targets.add(value)
            elif name in ("href", "src") and value and not value.startswith(("data:", "blob:")):
                self.links.append(value)


def of(folder):
    """What is wrong in the site in a folder, a line each."""
    texts = {path.resolve(): path.read_text(encoding="utf-8") for path in sorted(Path(folder).rglob("*.html"))}
    pages = {path: Page(text) for path, text in texts.items()}
    wrong = []
    for path, page in pages.items():
        name = path.name
        wrong += [f"{name} would load {needed}" for needed in Needed.of(texts[path])]
        if "Content-Security-Policy" not in texts[path]:
            wrong.append(f"{name} has no policy that forbids it to load anything")
        for link in dict.fromkeys(page.links):
            parts = urlsplit(link)
            if parts.scheme in ("https", "http", "mailto"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if parts.scheme or parts.netloc or Path(folder).resolve() not in target.parents or not target.is_file():
                wrong.append(f"{name}: {link}")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].targets:
                wrong.append(f"{name}: {link} (there is no such section)")
    return wrong
