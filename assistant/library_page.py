"""The knowledge base to read: all texts, one text with its table of contents, search, what is new. HTML without any script.

Pages here are the inside of <main>; `vraagbaak.frame` puts the header around them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from pathlib import Path

from assistant.answer import Shelved
from assistant.model import Language
from assistant.reading import News, headings, news
from assistant.source_view import NO_MARKS, Marks, address, badge, blocks_html, compared_whole, facts, named, standing_notice
from assistant.ui_wording import ui
from assistant.wording import day
from corpus.errors import ReleaseError
from corpus.model import Document, Hit, Source
from corpus.release import Manifest, Release

RESULTS = 12
SNIPPET = 280  # characters


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, when, in which language. home: the data directory, for what is new."""

    today: date
    language: Language = "nl"
    home: Path | None = None

    @property
    def prefix(self) -> str:
        """The beginning of addresses in this language."""
        return "/en" if self.language == "en" else ""


# --- all texts ----------------------------------------------------------------------------------------------------------------


def overview(release: Release, reader: Reader, found: str = "", typed: str = "") -> str:
    """The list of texts. found: results of a search, which come first; typed: what was searched for, back in the box."""
    language = reader.language
    valid = [s for s in release.sources if s.answers_on(reader.today)]
    rest = [s for s in release.sources if not s.answers_on(reader.today)]
    lead = f'<h1 class="vb-title">{escape(ui("library_title", language))}</h1><p class="vb-lead">{escape(ui("library_lead", language))}</p>'
    if not release.sources:
        return f"{lead}<p>{escape(ui('no_texts', language))}</p>"
    parts = [lead, search_form(reader, typed), f'<div id="vb-gevonden" aria-live="polite">{found}</div>', _news(release, reader)]
    parts += [_group(title, group, reader) for title, group in _groups(valid, language)]
    if rest:
        lead = f'<p class="vb-hint">{escape(ui("library_other_lead", language))}</p>'
        parts.append(_group(ui("library_other", language), rest, reader, lead))
    return "".join(parts)


def search_form(reader: Reader, typed: str = "") -> str:
    """A form that posts, so that what is searched for is in no address, history or log."""
    language = reader.language
    return (
        f'<form class="vb-search" method="post" action="{reader.prefix}/kennisbank" role="search" autocomplete="off">'
        f'<label for="zoek">{escape(ui("library_search", language))}</label><div class="vb-search-row">'
        f'<input id="zoek" name="zoek" type="search" maxlength="300" autocomplete="off" spellcheck="false" value="{escape(typed)}"'
        f' aria-describedby="zoek-uitleg"><button type="submit" class="vb-button">{escape(ui("library_search_button", language))}</button></div>'
        f'<p class="vb-hint" id="zoek-uitleg">{escape(ui("library_search_hint", language))}</p></form>'
    )


def _groups(valid: Sequence[Source], language: Language) -> list[tuple[str, list[Source]]]:
    """Handbook chapters and notes apart, where codes tell them apart; one list otherwise."""
    handbook = [s for s in valid if re.fullmatch(r"H\d+", s.code)]
    others = [s for s in valid if s not in handbook]
    if not handbook:
        return [(ui("library_texts", language), others)]
    return [(ui("library_handbook", language), handbook), (ui("library_notes", language), others)]


def _group(title: str, sources: Sequence[Source], reader: Reader, lead: str = "") -> str:
    if not sources:
        return ""
    items = "".join(_item(s, reader) for s in sources)
    return f'<section class="vb-group"><h2>{escape(title)}</h2>{lead}<ul class="vb-texts">{items}</ul></section>'


def _item(source: Source, reader: Reader) -> str:
    meta = " · ".join(escape(f) for f in facts(source, reader.today, reader.language)[:2])
    return (
        f'<li><a class="vb-text" href="{escape(address(source.key, reader.prefix))}"><span class="vb-text-name" lang="nl">{escape(named(source))}</span>'
        f'<span class="vb-meta">{badge(source, reader.today, reader.language)} {meta}</span></a></li>'
    )


def _news(release: Release, reader: Reader) -> str:
    if reader.home is None:
        return ""
    found = news(reader.home, release.manifest)
    made = ui("library_new_made", reader.language, number=release.number, date=day(made_on(release.manifest), reader.language))
    body = "".join(f"<li>{line}</li>" for line in _news_lines(found, release, reader))
    if found.first or not body:
        none = ui("library_new_first" if found.first else "library_new_none", reader.language)
        inside = f"<p>{escape(none)}</p>"
    else:
        inside = f"<ul>{body}</ul>"
    title = escape(ui("library_new", reader.language))
    return f'<details class="vb-news"><summary>{title}</summary><p class="vb-hint">{escape(made)}</p>{inside}</details>'


def _news_lines(found: News, release: Release, reader: Reader) -> list[str]:
    lines: list[str] = []
    for name, keys in (("new_added", found.added), ("new_changed", found.changed), ("new_removed", found.removed)):
        for key in keys:
            source = release.by_key.get(key)
            version = ui("version", reader.language, version=source.version if source else key.partition("@")[2]).lower()
            words = ui(name, reader.language, title=f"{named(source) if source else key.partition('@')[0]}, {version}")
            lines.append(f'<a href="{escape(address(key, reader.prefix))}">{escape(words)}</a>' if source else escape(words))
    return lines


def made_on(manifest: Manifest) -> date:
    """The local day on which a release was made."""
    return datetime.fromisoformat(manifest.made_at).astimezone().date()


# --- searching ------------------------------------------------------------------------------------------------------------------


def searched(shelved: Shelved, words: str, reader: Reader) -> str:
    """What was found, as a list of links to the words in their text."""
    language = reader.language
    hits = shelved.search.search(words, RESULTS, shelved.search.answering(reader.today)) if words.strip() else ()
    stems = frozenset(shelved.search.lexical.analyser.content_terms(words))
    hits = tuple(h for h in hits if h.lexical > 0 or h.dense > 0)
    title = ui("library_found", language, n=len(hits)) if hits else ui("library_none", language)
    items = "".join(_result(h, shelved, stems, reader) for h in hits)
    return f'<section class="vb-group"><h2>{escape(title)}</h2><ol class="vb-texts">{items}</ol></section>' if hits else f"<p>{escape(title)}</p>"


def _result(hit: Hit, shelved: Shelved, stems: frozenset[str], reader: Reader) -> str:
    passage = hit.passage
    source = shelved.shelf.by_key[passage.source]
    where = " › ".join(h for h in passage.heading if h != source.title)
    link = f"{address(source.key, reader.prefix)}?van={passage.start}&tot={passage.end}#citaat"
    return (
        f'<li><a class="vb-text" href="{escape(link)}"><span class="vb-text-name" lang="nl">{escape(named(source))}</span>'
        + (f'<span class="vb-source-where" lang="nl">{escape(where)}</span>' if where else "")
        + f'<span class="vb-source-quote" lang="nl">{snippet(passage.text, stems, shelved)}</span></a></li>'
    )


def snippet(text: str, stems: frozenset[str], shelved: Shelved) -> str:
    """The part of a passage with most of the words, which are highlighted in all their forms."""
    analyser = shelved.search.lexical.analyser
    flat = " ".join(text.split())
    words = [(m.start(), m.end()) for m in re.finditer(r"[^\W_]+(?:[-’'][^\W_]+)*", flat)]
    found = [(a, b) for a, b in words if stems & frozenset(analyser.content_terms(flat[a:b]))]
    first = max(0, (found[0][0] if found else 0) - SNIPPET // 4)
    first = 0 if first < 30 else flat.find(" ", first) + 1
    last = len(flat) if len(flat) - first <= SNIPPET else flat.rfind(" ", first, first + SNIPPET)
    out, at = ["… " if first else ""], first
    for a, b in found:
        if a >= at and b <= last:
            out += [escape(flat[at:a]), f"<mark>{escape(flat[a:b])}</mark>"]
            at = b
    return "".join((*out, escape(flat[at:last]), " …" if last < len(flat) else ""))


# --- one text -------------------------------------------------------------------------------------------------------------------


def text_page(release: Release, name: str, reader: Reader, marks: Marks = NO_MARKS) -> tuple[str, str]:
    """(title, HTML) of a whole text. name: "N01" or "N01@3.0". Raises ReleaseError when there is no such text."""
    source = release.find(name, reader.today)
    language = reader.language
    lines = " · ".join(escape(f) for f in facts(source, reader.today, language))
    back = f'<p class="vb-back"><a href="{reader.prefix}/kennisbank">‹ {escape(ui("back_library", language))}</a></p>'
    head = (
        f'{back}<h1 class="vb-title" lang="nl">{escape(named(source))}</h1><p class="vb-meta">{badge(source, reader.today, language)} {lines}</p>'
        + standing_notice(release, source, reader.today, language, reader.prefix)
    )
    try:
        document = release.document(source.key)
    except ReleaseError:
        return source.title, f"{head}<p>{escape(ui('unreadable', language))}</p>"
    body = _body(document, source, marks)
    changed = compared_whole(release, source, language)
    return source.title, f'{head}<div class="vb-reader">{contents(document, source, language)}<div class="vb-section" lang="nl">{body}</div></div>{changed}'


def contents(document: Document, source: Source, language: Language) -> str:
    """The table of contents; "" for a text without headings."""
    lines = [h for h in headings(document) if h.level <= 3 and h.text != source.title]  # the title stands above the page
    if len(lines) < 2:
        return ""
    items = "".join(f'<li class="vb-depth-{h.level}"><a href="#{escape(h.anchor)}">{escape(h.text)}</a></li>' for h in lines)
    title = escape(ui("contents", language))
    return f'<nav class="vb-contents" aria-label="{title}"><details open><summary>{title}</summary><ul lang="nl">{items}</ul></details></nav>'


def _body(document: Document, source: Source, marks: Marks) -> str:
    """All blocks. The heading that repeats the title is left out; the first highlighted words get the id `citaat`."""
    blocks = tuple(b for b in document.blocks if not (b.kind == "heading" and document.text[b.start : b.end].strip() == source.title))
    html = blocks_html(document, blocks, marks, top=2)
    return html.replace("<mark>", '<mark id="citaat">', 1)
