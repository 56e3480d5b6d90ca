"""Sources -> Markdown, plain text and HTML: the formats that need no library."""

from __future__ import annotations

import re
import textwrap
from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape

from corpus.render_pictures import svg
from corpus.render_source import (
    EXAMPLE_LINE,
    Block,
    Box,
    Columns,
    Figure,
    Fold,
    Heading,
    Item,
    List,
    Paragraph,
    Span,
    Table,
    WrittenSource,
    plain,
    slug,
    spans,
)  # fmt: skip


def markdown(source: WrittenSource) -> bytes:
    """The body as written, with the boxes as ordinary quotes; the metadata as a table."""
    rows = "\n".join(f"| {name} | {value} |" for name, value in source.metadata())
    body = re.sub(r"^> \[!kader\] *(.+)$", r"> **\1**\n>", source.body.strip(), flags=re.MULTILINE)
    return f"{EXAMPLE_LINE}\n\n| Gegeven | Waarde |\n| --- | --- |\n{rows}\n\n{body}\n".encode()


# --- plain text -----------------------------------------------------------------------------------------------------------

_UNDERLINES = {1: "=", 2: "-", 3: "~"}


def text(source: WrittenSource, *, width: int = 0) -> str:
    """Plain text with underlined headings; paragraphs are wrapped at `width` characters, or not at all."""
    meta = "\n".join(f"{name}: {value}" for name, value in source.metadata())
    return f"{EXAMPLE_LINE}\n\n{meta}\n\n" + "\n\n".join(_text_blocks(source.blocks, width)) + "\n"


def _text_blocks(blocks: Sequence[Block], width: int) -> Iterator[str]:
    for block in blocks:
        match block:
            case Heading(level=level, text=words):
                title = plain(words)
                yield f"{title}\n{_UNDERLINES[min(level, 3)] * len(title)}"
            case Paragraph(text=words):
                yield _wrapped(_typed(words), width, "", "")
            case List():
                yield "\n".join(_text_list(block, width))
            case Box(title=title, blocks=inside) | Fold(title=title, blocks=inside):
                yield f"{plain(title)}:"
                yield from _text_blocks(inside, width)
            case Table():
                yield "\n".join(" | ".join(_typed(cell) for cell in row) for row in block.rows)
            case Columns(blocks=inside):
                yield from _text_blocks(inside, width)
            case Figure(alt=alt):
                yield f"(Afbeelding: {alt})"


def _text_list(block: List, width: int, indent: str = "") -> Iterator[str]:
    for n, item in enumerate(block.items):
        mark = f"{block.start + n}. " if block.start else "- "
        yield _wrapped(_typed(item.text), width, indent + mark, indent + " " * len(mark))
        for child in item.children:
            if isinstance(child, List):
                yield from _text_list(child, width, indent + " " * len(mark))
            elif isinstance(child, Paragraph):
                yield _wrapped(_typed(child.text), width, indent + " " * len(mark), indent + " " * len(mark))


def _typed(words: str) -> str:
    """As someone would type it without styles: no marks, but a box to tick stays."""
    return plain(words).replace("☐", "[ ]")


def _wrapped(words: str, width: int, first: str, later: str) -> str:
    if not width:
        return first + words
    wrapper = textwrap.TextWrapper(
        width, initial_indent=first, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )  # fmt: skip
    return wrapper.fill(words)


# --- HTML -----------------------------------------------------------------------------------------------------------------

_STYLE = """
body { font-family: Verdana, Arial, sans-serif; line-height: 1.55; margin: 0; color: #1d2b33; }
header, nav, main, aside, footer { max-width: 62rem; margin: 0 auto; padding: .5rem 1rem; }
header, footer { background: #eef3f6; }
nav ul { columns: 2; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { border: 1px solid #9bb0bd; padding: .35rem .5rem; text-align: left; vertical-align: top; }
th { background: #dfe9ef; }
.kader { border-left: 5px solid #e9c46a; background: #fdf7e6; padding: .3rem 1rem; margin: 1rem 0; }
details { border: 1px solid #9bb0bd; padding: .3rem 1rem; margin: 1rem 0; }
ul.vinkjes { list-style: none; padding-left: .5rem; }
figure { margin: 1rem 0; } figure img { max-width: 100%; }
.breed { overflow-x: auto; font-size: .85rem; } .breed a { overflow-wrap: anywhere; }
""".strip()


def html(source: WrittenSource) -> bytes:
    """A page that stands alone: navigation, main text, an aside with the metadata, a footer; nothing is fetched."""
    notes = _html_notes(source)
    page = f"""<!DOCTYPE html>
<html lang="nl">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(source.title)}</title>
<style>
{_STYLE}
</style>
</head>
<body>
<header>
<p class="voorbeeld">{escape(EXAMPLE_LINE)}</p>
</header>
<aside aria-label="Over dit document">
<table>
<tbody>
{"".join(f'<tr><th scope="row">{escape(n)}</th><td>{escape(v)}</td></tr>' + chr(10) for n, v in source.metadata())}</tbody>
</table>
</aside>
<nav aria-label="Inhoud">
<p>Op deze bladzijde</p>
<ul>
{_html_contents(source)}
</ul>
</nav>
<main>
{_html_blocks(source.blocks)}
{notes}</main>
<footer>
<p>{escape(source.code)} versie {escape(source.version)} | <a href="#boven">Naar boven</a></p>
</footer>
</body>
</html>
"""
    return page.encode()


def _html_contents(source: WrittenSource) -> str:
    heads = [b for b in source.blocks if isinstance(b, Heading) and b.level == 2]
    return "\n".join(f'<li><a href="#{slug(h.text)}">{_html_spans(h.text)}</a></li>' for h in heads)


def _html_notes(source: WrittenSource) -> str:
    if not source.notes:
        return ""
    items = "\n".join(
        f'<li id="noot-{label}">{_html_spans(words)} <a href="#verwijzing-{label}" aria-label="terug naar de tekst">↩</a></li>'
        for label, words in source.notes
    )
    return f'<section class="noten" aria-label="Noten">\n<ol>\n{items}\n</ol>\n</section>\n'


def _html_blocks(blocks: Sequence[Block]) -> str:
    return "\n".join(_html_block(b) for b in blocks)


def _html_block(block: Block) -> str:
    match block:
        case Heading(level=level, text=words):
            anchor = "boven" if level == 1 else slug(words)
            return f'<h{level} id="{anchor}">{_html_spans(words)}</h{level}>'
        case Paragraph(text=words):
            return f"<p>{_html_spans(words)}</p>"
        case List():
            return _html_list(block)
        case Table():
            return _html_table(block)
        case Box(title=title, blocks=inside):
            head = f"<p><strong>{_html_spans(title)}</strong></p>\n" if title else ""
            return f'<div class="kader">\n{head}{_html_blocks(inside)}\n</div>'
        case Fold(title=title, blocks=inside):
            return f"<details>\n<summary>{_html_spans(title)}</summary>\n{_html_blocks(inside)}\n</details>"
        case Columns(blocks=inside):
            return f'<div style="columns: 2">\n{_html_blocks(inside)}\n</div>'
        case Figure(alt=alt, name=name):
            data = f"data:image/svg+xml;base64,{b64encode(svg(name).encode()).decode('ascii')}"
            return f'<figure>\n<img alt="{escape(alt)}" width="360" height="200" src="{data}">\n</figure>'


def _html_list(block: List) -> str:
    ticks = any(item.text.startswith("[ ]") for item in block.items)
    tag, more = ("ol", f' start="{block.start}"' if block.start > 1 else "") if block.start else ("ul", "")
    more = ' class="vinkjes"' if ticks else more
    return f"<{tag}{more}>\n" + "\n".join(_html_item(i) for i in block.items) + f"\n</{tag}>"


def _html_item(item: Item) -> str:
    inside = f"\n{_html_blocks(item.children)}\n" if item.children else ""
    return f"<li>{_html_spans(item.text)}{inside}</li>"


def _html_table(table: Table) -> str:
    rows: list[list[str]] = [[] for _ in table.rows]
    for cell in table.cells():
        tag = "th" if cell.row == 0 else "td"
        more = ' scope="col"' if cell.row == 0 else ""
        more += f' rowspan="{cell.rows}"' if cell.rows > 1 else ""
        more += f' colspan="{cell.columns}"' if cell.columns > 1 else ""
        rows[cell.row].append(f"<{tag}{more}>{_html_spans(cell.text)}</{tag}>")
    lines = [f"<tr>{''.join(row)}</tr>" for row in rows]
    made = f"<table>\n<thead>\n{lines[0]}\n</thead>\n<tbody>\n" + "\n".join(lines[1:]) + "\n</tbody>\n</table>"
    return f'<div class="breed">\n{made}\n</div>' if len(table.rows[0]) > 5 else made


def _html_spans(words: str) -> str:
    return "".join(_html_span(s) for s in spans(words))


def _html_span(span: Span) -> str:
    if span.note:
        return f'<sup><a id="verwijzing-{span.note}" href="#noot-{span.note}">{span.note}</a></sup>'
    out = escape(span.text, quote=False)
    looks = ((span.code, "code"), (span.italic, "em"), (span.bold, "strong"), (span.inserted, "ins"), (span.deleted, "del"))
    for wanted, tag in looks:
        out = f"<{tag}>{out}</{tag}>" if wanted else out
    # an address is shown as a link that opens by itself; nothing is loaded from it
    return re.sub(r"(https://[^\s<]+[^\s<.,;)])", r'<a href="\1">\1</a>', out)
