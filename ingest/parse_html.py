"""HTML -> pieces: the main content only, with headings, lists, tables, collapsible parts, boxes and picture descriptions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from corpus.model import BlockKind
from ingest import wording
from ingest.limits import DEFAULT, Reading
from ingest.notes import MARK, with_notes
from ingest.parse_docx import in_format
from ingest.parse_text import decode
from ingest.pieces import Parsed, Piece
from ingest.tables import Cell, table_pieces

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_DROPPED = frozenset(
    re.findall(
        r"\w+",
        """
    script style noscript template nav form iframe svg canvas object embed audio video select button input textarea head
    dialog menu map link meta
    """,
    )
)
_CHROME = frozenset({"header", "footer", "aside"})  # dropped unless they stand inside the main content
_CHROME_NAME = re.compile(
    r"(?:^|[-_ ])(?:cookie\w*|consent|navigatie|nav|navbar|menu|breadcrumbs?|kruimelpad|sidebar|zijbalk|footer|site-header|"
    r"skip-?link|social|share|delen|banner-cookie|pagination|visually-hidden|sr-only|advert\w*)(?:$|[-_ ])",
    re.IGNORECASE,
)
_BOX_NAME = re.compile(
    r"(?:^|[-_ ])(?:kader|callout|box|alert|notice|info|tip|waarschuwing|let-op|note|voorbeeld)(?:$|[-_ ])", re.I
)
_NOTE_NAME = re.compile(r"footnote|voetnoot|voetnoten|endnote|eindnoot", re.IGNORECASE)
_NOTE_ID = re.compile(r"(?:fn|noot|voetnoot|footnote|eindnoot|endnote)[-_:]?\d+", re.IGNORECASE)
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        """
    address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form h1
    h2 h3 h4 h5 h6 header hgroup hr html legend li main nav ol p pre section summary table tbody td tfoot th thead tr ul
    """,
    )
)
_HEADINGS = {f"h{n}": n for n in range(1, 7)}
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_BACK = re.compile(r"\s*(?:↩︎?|⤴|\[?terug\]?)\s*$")
_MAX_DEPTH = 200


def parse(data: bytes, reading: Reading = DEFAULT) -> Parsed:
    """The pieces of a web page."""
    from selectolax.lexbor import LexborHTMLParser

    text, warnings = _decoded(data)
    tree = LexborHTMLParser(text)
    root = tree.body or tree.root
    if root is None:
        raise wording.no_text()
    title = tree.css_first("title")
    main = _main(tree, root)
    pieces = list(_Walk(inside_main=main is not root).pieces(main))
    if not any(p.text.strip() or p.cells for p in pieces):
        raise wording.only_scripts() if tree.css_first("script") else wording.no_text()
    first = next((p.text for p in pieces if p.kind == "heading"), "")
    return Parsed(tuple(pieces), warnings, title=first or (title.text().strip() if title else ""))


def _decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The text by its mark, else by what the page declares, else as any text; a declared encoding is no guess."""
    declared = _CHARSET.search(data[:2048])
    if declared and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        name = declared[1].decode("ascii", "replace").lower()
        name = "cp1252" if name in ("iso-8859-1", "latin1", "windows-1252") else name
        try:
            return data.decode(name), ()
        except (LookupError, UnicodeDecodeError):
            pass  # the page is wrong about itself
    return decode(data)


def _main(tree: object, root: LexborNode) -> LexborNode:
    """The element with the content: <main>, else a single <article>, else the whole body."""
    for selector in ("main", "[role=main]"):
        found = root.css(selector)
        if len(found) == 1 and len(found[0].text(strip=True)) > 20:
            return found[0]
    articles = root.css("article")
    whole = len(root.text(strip=True))
    if len(articles) == 1 and len(articles[0].text(strip=True)) > 0.4 * whole:
        return articles[0]
    return root


class _Walk:
    """A pass over the tree. Text that stands loose between blocks is gathered into paragraphs."""

    def __init__(self, inside_main: bool) -> None:
        self._inside_main = inside_main
        self._level = 0  # of the last heading

    def pieces(self, root: LexborNode) -> Iterator[Piece]:
        """Everything below `root`, with notes at the end of the section that refers to them."""
        text: list[Piece] = []
        notes: dict[str, str] = {}
        for piece in self._children(root, 0, 0, "paragraph"):
            if piece.kind == "footnote":
                name = MARK.match(piece.text)
                notes[name[1] if name else f"unnamed {len(notes)}"] = MARK.sub("", piece.text)
            else:
                text.append(piece)
        return with_notes(text, notes)

    def _children(self, node: LexborNode, depth: int, lists: int, kind: BlockKind) -> Iterator[Piece]:
        """kind: what loose text and paragraphs become here.  lists: how many lists we are inside."""
        if depth > _MAX_DEPTH:
            raise wording.too_deep()
        loose: list[str] = []
        child = node.child
        while child is not None:
            if _is_block(child):
                yield from _loose(loose, kind, lists)
                loose = []
                yield from self._block(child, depth + 1, lists, kind)
            else:
                loose.append(inline_text(child, depth + 1))
            child = child.next
        yield from _loose(loose, kind, lists)

    def _block(self, node: LexborNode, depth: int, lists: int, kind: BlockKind) -> Iterator[Piece]:
        tag = node.tag or ""
        if self._is_chrome(node, tag):
            return
        if tag in _HEADINGS:
            text = inline_text(node, depth)
            if kind == "paragraph" and lists == 0:
                self._level = _HEADINGS[tag]
                yield Piece("heading", text, self._level)
            else:
                yield Piece("box" if kind == "paragraph" else kind, text, lists)
        elif tag in ("ul", "ol"):
            yield from self._list(node, depth, lists, tag == "ol", kind)
        elif tag == "dl":
            yield from self._definitions(node, depth)
        elif tag == "table":
            yield from _table(node, depth)
        elif tag == "details":
            yield from self._details(node, depth, lists, kind)
        elif tag == "figcaption":
            yield Piece("caption", inline_text(node, depth))
        else:
            yield from self._children(node, depth, lists, self._kind_inside(node, tag, kind))

    def _kind_inside(self, node: LexborNode, tag: str, kind: BlockKind) -> BlockKind:
        names = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''} {node.attributes.get('role') or ''}"
        if _NOTE_NAME.search(names):
            return "footnote"
        if kind == "paragraph" and (tag in ("blockquote", "aside") or _BOX_NAME.search(names)):
            return "box"
        return kind

    def _is_chrome(self, node: LexborNode, tag: str) -> bool:
        if tag in _DROPPED:
            return tag != "form" or not node.css_first("h1, h2, p")
        attributes = node.attributes
        if "hidden" in attributes or attributes.get("aria-hidden") == "true":
            return True
        if re.search(r"display\s*:\s*none|visibility\s*:\s*hidden", attributes.get("style") or ""):
            return True
        names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
        if tag in _CHROME and (tag == "footer" or not self._inside_main):
            return not (tag == "header" and node.css_first("h1")) and not (tag == "aside" and _BOX_NAME.search(names))
        if attributes.get("role") in ("navigation", "banner", "contentinfo", "search", "dialog", "alertdialog"):
            return True
        return bool(_CHROME_NAME.search(names)) and tag not in ("body", "main", "article", "html")

    def _list(self, node: LexborNode, depth: int, lists: int, ordered: bool, kind: BlockKind) -> Iterator[Piece]:
        start = node.attributes.get("start") or "1"
        number = int(start) if start.lstrip("-").isdigit() else 1
        form = node.attributes.get("type") or "1"
        for item in (n for n in node.iter() if n.tag == "li"):
            marker = f"{in_format(number, form)}. " if ordered and kind != "footnote" else ""
            number += 1
            is_note = kind == "footnote" or bool(_NOTE_ID.fullmatch(item.attributes.get("id") or ""))
            inside: BlockKind = "footnote" if is_note else "list_item"
            for piece in self._children(item, depth + 1, lists + 1, inside):
                if piece.kind == "footnote":
                    name = (item.attributes.get("id") or "").replace(" ", "")
                    piece = replace(piece, text=(f"[^{name}]" if name else "") + _BACK.sub("", piece.text))
                elif marker and piece.kind == "list_item":
                    piece, marker = replace(piece, text=marker + piece.text), ""
                yield piece

    def _definitions(self, node: LexborNode, depth: int) -> Iterator[Piece]:
        """A term and its explanation are one list item, so that neither is quoted alone."""
        terms: list[str] = []
        for child in (n for n in node.css("dt, dd")):
            text = inline_text(child, depth).strip()
            if child.tag == "dt":
                terms.append(text)
            elif terms:
                yield Piece("list_item", f"{', '.join(terms)}: {text}", 1)
                terms = []
            elif text:
                yield Piece("list_item", text, 1)

    def _details(self, node: LexborNode, depth: int, lists: int, kind: BlockKind) -> Iterator[Piece]:
        """What is folded away is read like the rest; its summary is a box title, or a heading when it asks a question."""
        summary = next((n for n in node.iter() if n.tag == "summary"), None)
        words = inline_text(summary, depth).strip() if summary is not None else ""
        if words.endswith("?") and lists == 0 and kind == "paragraph":
            yield Piece("heading", words, self._level + 1)
        elif words:
            yield Piece("box", words)
        child = node.child
        while child is not None:
            if child.tag != "summary" and (child.is_element_node or (child.text() or "").strip()):
                if child.is_element_node and _is_block(child):
                    yield from self._block(child, depth + 1, lists, kind)
                else:
                    yield from _loose([inline_text(child, depth)], kind, lists)
            child = child.next


def _is_block(node: LexborNode) -> bool:
    tag = node.tag or ""
    return tag in _BLOCKS or tag in _DROPPED or (tag not in ("-text", "img", "br") and _holds_block(node))


def _holds_block(node: LexborNode) -> bool:
    """An inline element with blocks inside (a link around a card, a custom element)."""
    child = node.child
    while child is not None:
        if child.tag in _BLOCKS:
            return True
        child = child.next
    return False


def _loose(parts: list[str], kind: BlockKind, lists: int) -> Iterator[Piece]:
    text = "".join(parts).strip()
    if text:
        yield Piece(kind, text, lists if kind == "list_item" else 0)


def inline_text(node: LexborNode, depth: int = 0) -> str:
    """The visible words of an element: <br> is a space, a picture its description, a note mark nothing."""
    if depth > _MAX_DEPTH:
        raise wording.too_deep()
    tag = node.tag or ""
    if tag == "-text":
        return node.text_content or ""
    if tag == "br":
        return "\n"
    if tag == "img":
        described = (node.attributes.get("alt") or "").strip()
        return f" [{described}] " if described else ""
    if tag in _DROPPED or tag.startswith("-") or tag == "!doctype":
        return ""
    if tag in ("sup", "a") and (name := _note_referred_to(node, tag)) is not None:
        return f"[^{name}]" if name else ""
    parts: list[str] = []
    child = node.child
    while child is not None:
        inner = inline_text(child, depth + 1)
        parts.append(f" {inner} " if (child.tag or "") in _BLOCKS else inner)
        child = child.next
    return "".join(parts)


def _note_referred_to(node: LexborNode, tag: str) -> str | None:
    """The name of the note that a raised number links to, '' for a link back from a note, None for anything else."""
    words = node.text(strip=True).strip("[]()*")
    link = node if tag == "a" else node.css_first("a")
    target = (link.attributes.get("href") or "") if link is not None else ""
    if words in ("↩", "↩︎", "⤴"):
        return ""
    return target[1:].replace(" ", "") if words.isdigit() and len(words) < 4 and target.startswith("#") else None


def _table(node: LexborNode, depth: int) -> Iterator[Piece]:
    caption = node.css_first("caption")
    if caption is not None and caption.text(strip=True):
        yield Piece("caption", inline_text(caption, depth))
    rows: list[list[Cell]] = []
    headers = 0
    for row in node.css("tr"):
        cells = [n for n in row.iter() if n.tag in ("td", "th")]
        if not cells:
            continue
        in_head = row.parent is not None and row.parent.tag == "thead"
        bold = not rows and all(_is_bold(c) for c in cells) and len(cells) > 1
        if headers == len(rows) and (in_head or bold or all(c.tag == "th" for c in cells)):
            headers += 1
        rows.append([Cell(_squeezed(inline_text(c, depth)), _span(c, "colspan"), _span(c, "rowspan")) for c in cells])
    yield from table_pieces(rows, min(headers, max(0, len(rows) - 1)))


def _is_bold(cell: LexborNode) -> bool:
    words = cell.text(strip=True)
    return bool(words) and words == "".join(n.text(strip=True) for n in cell.css("b, strong"))


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _span(cell: LexborNode, name: str) -> int:
    value = cell.attributes.get(name) or "1"
    return max(1, min(int(value), 60)) if value.isdigit() else 1
