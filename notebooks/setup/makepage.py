"""Makes a self-contained page of an executed notebook: a table of its sections, its cells, and what it was executed with."""

import base64
import copy
import hashlib
import html
import re
from html.parser import HTMLParser
from pathlib import Path

import latex2mathml.converter
from jinja2 import pass_context
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

import provenance


def title(cells, index):
    """The heading that a cell stands under, or its first line that says something, not a comment nor a command of GoNB's."""
    for cell in reversed(cells[:index]):
        if cell.cell_type == "markdown" and (headings := re.findall(r"^#+ +(.+)", cell.source, re.MULTILINE)):
            return headings[-1]
    lines = [line.strip() for line in cells[index].source.splitlines()]
    return next((line for line in lines if line and not line.startswith(("//", "%", "!"))), "")


class PageRenderer(IPythonRenderer):
    """Writes formulas as MathML, which browsers show without a script, and leads from notebook to notebook by their pages."""

    def link(self, text, url, title=None):
        return super().link(text, re.sub(r"^([^:]+)\.ipynb(?=$|#)", r"\1.html", url), title)

    def block_math(self, body):
        return self.formula(body, "block")

    def inline_math(self, body):
        return self.formula(body, "inline")

    def latex_environment(self, name, body):
        return self.formula(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")

    def formula(self, body, display):
        try:
            return latex2mathml.converter.convert(body.strip(), display=display)
        except Exception:  # Its parser raises what it comes across: the formula's source is readable too.
            return f"<code>{self.text(body)}</code>"


class PageExporter(HTMLExporter):
    @pass_context
    def markdown2html(self, context, source):
        cell = context.get("cell", {})
        renderer = PageRenderer(
            escape=False,
            attachments=cell.get("attachments", {}),
            embed_images=True,
            path=context.get("resources", {}).get("metadata", {}).get("path", ""),
            anchor_link_text=self.anchor_link_text,
        )
        return MarkdownWithMath(renderer=renderer).render(source)


def to_html(notebook, name, site=None):
    """The page of a notebook. site is what a page of a site has beside it, as site/index.html.j2 uses it."""
    notebook = copy.deepcopy(notebook)  # What is added here is for the page alone.
    # GoNB leaves this empty, and nbconvert would then colour the cells as Python.
    notebook.metadata.setdefault("language_info", {"name": "go"})["pygments_lexer"] = "go"
    headings = [line for cell in notebook.cells if cell.cell_type == "markdown" for line in re.findall(r"^# +(.+)", cell.source, re.MULTILINE)]
    notebook.metadata.setdefault("title", headings[0] if headings else name)
    describe_pictures(notebook)
    hide_paths(notebook)
    exporter = PageExporter(
        template_name="page", extra_template_basedirs=[str(Path(__file__).parent)], embed_images=True
    )
    body, _ = exporter.from_notebook_node(
        notebook,
        resources={
            "metadata": {"name": name, "path": str(Path(__file__).parent.parent)},
            "provenance": provenance.lines(notebook),
            "site": site,
        },
    )
    body = body.replace("<!-- contents -->", contents(body), 1)
    return body.replace("<!-- policy -->", policy(body), 1)


def policy(body):
    """Forbids a page to ask a network for anything, and all scripts but those that it has now: none, or an explorer's, which is
    a page in a frame of the page and falls under the same policy."""
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in Scripts.of(body)]
    scripts = " ".join(f"'sha256-{digest}'" for digest in dict.fromkeys(hashes)) or "'none'"
    rules = f"default-src 'none'; img-src data: blob:; font-src data:; style-src 'unsafe-inline'; script-src {scripts}; base-uri 'none'; form-action 'none'"
    return f'<meta http-equiv="Content-Security-Policy" content="{rules}">'


class Scripts(HTMLParser):
    """Lists the scripts of a page and of the frames in it."""

    def __init__(self):
        super().__init__()
        self.found, self.inside = [], False

    @classmethod
    def of(cls, text):
        parser = cls()
        parser.feed(text)
        return parser.found

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.inside = tag == "script" and attributes.get("type") != "application/json"
        if self.inside:
            self.found.append("")
        self.found += Scripts.of(attributes.get("srcdoc") or "")

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.found[-1] += data


def describe_pictures(notebook):
    """Gives a text to pictures that bring none: what they stand under."""
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            data, text = output.get("data", {}), f"Figure: {title(notebook.cells, index)}"
            if "image/png" in data:
                output.setdefault("metadata", {}).setdefault("alt", text)
            if "text/html" in data:
                data["text/html"] = data["text/html"].replace('<img alt=""', f'<img alt="{html.escape(text)}"')


def hide_paths(notebook):
    """Takes out of what cells print where the repository and the user's home are on this machine."""

    def hidden(text):
        if "base64," in text:  # A picture.
            return text
        return text.replace(f"{provenance.repository}/", "").replace(f"{Path.home()}/", "~/")

    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            texts = output.get("data", output)
            for key, text in texts.items():
                if key in ("text", "evalue", "text/plain", "text/markdown", "text/html"):
                    texts[key] = hidden(text)
                elif key == "traceback":
                    texts[key] = [hidden(line) for line in text]


def contents(body):
    """The sections of a page, as links to them; nothing for a page of one or two."""
    sections = re.findall(r'<h([23]) id="([^"]*)">(.*?)<a class="anchor-link"', body, re.DOTALL)
    if len(sections) < 3:
        return ""
    items = "".join(f'<li class="level-{level}"><a href="#{anchor}">{text.strip()}</a></li>\n' for level, anchor, text in sections)
    return f'<nav class="contents" aria-label="Contents"><ul>\n{items}</ul></nav>'


class Needed(HTMLParser):
    """Lists what a page would load from outside itself."""

    def __init__(self):
        super().__init__()
        self.found, self.inside = [], ""

    @classmethod
    def of(cls, text):
        parser = cls()
        parser.feed(text)
        return parser.found

    def handle_starttag(self, tag, attributes):
        self.inside = tag
        for name, value in attributes:
            loads = name in ("src", "poster", "srcset") or (name == "data" and tag == "object") or (name == "href" and tag == "link")
            if loads and value and not value.startswith(("data:", "#")):
                self.found.append(f"<{tag} {name}={value[:100]}>")

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.found += re.findall(r"""https?://[^\s"'`]+\.(?:mjs|js|css)\b""", data)
        if self.inside == "style":
            self.found += re.findall(r"""(?:@import|url\()\s*["']?(?:https?:)?//[^\s"')]+""", data)
