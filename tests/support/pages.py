"""The pages that people read: the README and those of docs/."""

import re
from pathlib import Path

from support.project import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def read_page(name: str) -> str:
    """Return the text of a page of docs/, by its name without the ending."""
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """Return what stands in the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.+?)^```", text, re.DOTALL | re.MULTILINE)


def prose(text: str) -> str:
    """Return a page without its fenced blocks and its comments."""
    return re.sub(r"^```.+?^```|<!--.+?-->", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(text: str) -> set[str]:
    """Return what a link to a heading of a page can name, as forges and mkdocs make it."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


def broken_links(page: Path) -> list[str]:
    """Return the links of a page to files, or to headings, that are not there."""
    text = prose(page.read_text(encoding="utf-8"))
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not _resolves(page, link)]


def _resolves(page: Path, link: str) -> bool:
    if link.startswith("https://"):
        return True
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    if not target.exists():
        return False
    return not anchor or anchor in anchors(target.read_text(encoding="utf-8"))
