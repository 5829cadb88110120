"""How `make docs` makes a site of docs/: which pages it has, in which order, and what is made of links to files above.

The pages are Markdown and read as well in the repository. Nothing here may need the service: a site can be built where
only requirements/docs.txt is installed.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from pygments.lexers import HtmlLexer, TextLexer
from sphinx.application import Sphinx

DOCS: Final = Path(__file__).parents[1]
ROOT: Final = DOCS.parent

# Caption -> page -> what the navigation calls it. A page that is on disk and not here fails the build.
NAVIGATION: Final = {
    "Start": {
        "quick-start": "Quick start",
        "self-host": "From nothing to a public service",
    },
    "Put it on your site": {
        "install": "The tag on your pages",
        "tracker": "The tracker",
        "card": "The Plays card",
        "recipes": "Players and frameworks",
        "catalog": "The catalog",
        "demo": "The demo site",
    },
    "Operate": {
        "deploy": "Running it in public",
        "operate": "Operating",
        "dashboard": "The dashboard",
        "live": "Live and health",
        "access": "Who may see what",
        "alerts": "Alerts",
        "data": "Data in and out, backup",
        "data-life": "The life of the data",
        "monitor": "Monitoring",
        "doctor": "The doctor",
        "machines": "Several machines",
    },
    "Privacy": {
        "privacy": "Privacy",
        "accuracy": "How accurate",
        "linking": "How linkable",
    },
    "API and scale": {
        "api": "The API",
        "scale": "Scale",
        "performance": "Performance",
        "disk": "Disk",
    },
    "Inside": {
        "architecture": "Architecture",
        "release": "Releases",
    },
    "More": {
        "faq": "Questions and answers",
        "changelog": "Changelog",
    },
}
# Pages of the site that are files of the repository's top folder.
ABOVE: Final = {"architecture": "ARCHITECTURE.md", "changelog": "CHANGELOG.md"}
INDEX: Final = "index"

project = "Tonearm"
version = release = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
language = "en"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["site"]
nitpicky = True
smartquotes = False  # they would change what is to be typed
myst_heading_anchors = 4  # named as the repository's host names them, so that a link to a section works in both

html_theme = "tonearm"
html_theme_path = [str(DOCS / "site" / "theme")]
html_title = "Tonearm"
html_favicon = str(ROOT / "server" / "dashboard" / "static" / "icon.svg")
html_static_path = [str(ROOT / "server" / "dashboard" / "static" / "colours.css")]
html_css_files = ["colours.css", "docs.css"]
html_use_index = False
html_copy_source = False
html_permalinks_icon = "#"
highlight_language = "text"


def on_site(text: str, *, above: bool) -> str:
    """A page's Markdown with its links to other pages as they are on the site. `above`: of the top folder."""
    if above:
        text = re.sub(r"\]\((?![a-z]+:|#)", "](../", text).replace("](../docs/", "](")
    for page, file in {**ABOVE, INDEX: "README.md"}.items():
        text = text.replace(f"](../{file}", f"]({page}.md")
    return re.sub(r"\[(?:docs/)?([\w-]+)\.md\]\((\1\.md[^)]*)\)", by_title, text)


def by_title(link: re.Match[str]) -> str:
    """A link that is called by its file in the repository is called by its page's title on the site."""
    titles = {page: title for pages in NAVIGATION.values() for page, title in pages.items()}
    return f"[{titles.get(link[1], link[1])}]({link[2]})"


def navigation() -> str:
    """The tables of contents, for the end of the index; pages that are not there yet are left out."""
    tables = []
    for caption, pages in NAVIGATION.items():
        entries = [f"{title} <{page}>" for page, title in pages.items() if (DOCS / f"{page}.md").is_file()]
        if entries:
            tables.append("\n".join(["", "```{toctree}", ":hidden:", f":caption: {caption}", "", *entries, "```", ""]))
    return "".join(tables)


def read(app: Sphinx, page: str, content: list[str]) -> None:
    """Sphinx has read a page; what is left in `content` is what it makes a page of."""
    text = content[0]
    if page in ABOVE:
        app.env.note_dependency(str(ROOT / ABOVE[page]))
        text = (ROOT / ABOVE[page]).read_text("utf-8")
    content[0] = on_site(text, above=page in ABOVE) + (navigation() if page == INDEX else "")


def shown(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """What is wider than a phone can be moved sideways, by finger and by key."""
    body = re.sub(r"<table\b", '<div class="wide" tabindex="0"><table', context.get("body", ""))
    context["body"] = body.replace("</table>", "</table></div>").replace("<pre>", '<pre tabindex="0">')
    context["drums"] = re.findall(r"\d+|\.", version.partition(".dev")[0])


def setup(app: Sphinx) -> None:
    for kind, lexer in {"csv": TextLexer, "razor": HtmlLexer}.items():  # which Pygments has no lexer of its own for
        app.add_lexer(kind, lexer)
    app.connect("source-read", read)
    app.connect("html-page-context", shown)
