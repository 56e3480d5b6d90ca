"""Answer -> JSON (the contract of docs/json-contract.md), plain text, Markdown. HTML for the page is in assistant/page.py.

The view receives an Answer, so it cannot show an unverified draft. Everything that comes from a document or a question is
escaped where markup could run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.model import Answer, Citation, Language, Sentence
from assistant.wording import say
from corpus.model import Source

SCHEMA = 1


def as_json(answer: Answer, id_: str | None = None) -> dict[str, Any]:
    """One answer as a JSON object; the contract's version is `schema`."""
    return {
        "schema": SCHEMA,
        "id": id_,
        "question": answer.question.text,
        "status": answer.status,
        "card": None if answer.card is None else {"kind": answer.card.kind, "title": answer.card.title, "lines": list(answer.card.lines)},
        "confidence": answer.confidence,
        "release": answer.release,
        "sentences": [{"text": s.text, "citations": list(s.citations), "heading": s.heading} for s in answer.sentences],
        "citations": [_citation(c, answer.sources[c.source]) for c in answer.citations],
        "hits": [_hit(answer, i) for i in range(len(answer.hits))],
        "notices": [{"kind": n.kind, "text": n.text} for n in answer.notices],
        "pointers": list(answer.pointers),
        "timings_ms": dict(answer.timings_ms),
    }


def _citation(citation: Citation, source: Source) -> dict[str, Any]:
    return {
        "key": citation.key,
        "source": source.code,
        "title": source.title,
        "version": source.version,
        "path": source.path,
        "heading": list(citation.heading),
        "pages": list(citation.pages),
        "quote": citation.quote,
        "start": citation.start,
        "end": citation.end,
        "passage": citation.passage,
    }


def _hit(answer: Answer, i: int) -> dict[str, Any]:
    hit = answer.hits[i]
    source = answer.sources[hit.passage.source]
    return {
        "passage": hit.passage.id,
        "source": source.code,
        "path": source.path,
        "rank": hit.rank,
        "score": round(hit.score, 6),
        "text": hit.passage.text,
    }


def as_text(answer: Answer) -> str:
    """An answer for a terminal: card first, then sentences with numbered sources, then notices and whom to ask."""
    language = answer.question.language
    parts: list[str] = []
    if answer.card:
        parts.append("\n".join((f"!! {answer.card.title}", *(f"   {line}" for line in answer.card.lines))))
    if answer.sentences:
        parts.append("\n".join(line for s in answer.sentences for line in (s.heading, sentence_line(s)) if line))
    if answer.citations:
        parts.append("\n".join((f"{say('sources', language)}:", *source_lines(answer))))
    parts += [f"! {n.text}" for n in answer.notices]
    parts += [f"> {p}" for p in answer.pointers]
    return "\n\n".join(parts) + "\n"


def sentence_line(sentence: Sentence) -> str:
    """A sentence as one line: list items with a dash, table rows with their column headings, then the citation numbers."""
    keys = " ".join(f"[{k[1:]}]" for k in sentence.citations)
    mark = "- " if sentence.kind == "list_item" else ""
    return f"{mark}{row_text(sentence)} {keys}"


def row_text(sentence: Sentence) -> str:
    """The words of a sentence; a table row with its column headings before each cell."""
    cells = sentence.text.split(" | ")
    if sentence.kind != "table_row" or len(cells) != len(sentence.header):
        return sentence.text
    return "; ".join(f"{h}: {c}" if h else c for h, c in zip(sentence.header, cells, strict=True) if c)


def source_lines(answer: Answer) -> Sequence[str]:
    """The numbered sources: title, version, section, page."""
    return [f"  [{c.key[1:]}] {place(c, answer.sources[c.source], answer.question.language)}" for c in answer.citations]


def place(citation: Citation, source: Source, language: Language = "nl") -> str:
    """Where a quotation stands, in words."""
    section = " > ".join(h for h in citation.heading if h != source.title)
    pages = say("page", language, pages=", ".join(map(str, citation.pages))) if citation.pages else ""
    named = source.title if source.title.startswith(source.code) or source.version == "1" else f"{source.code} {source.title}"
    version = say("version", language, version=source.version)
    return ", ".join(p for p in (named, version, section, pages) if p)


def as_markdown(answer: Answer) -> str:
    """An answer to paste elsewhere, with its sources."""
    lines = [f"**{answer.question.text}**", ""]
    if answer.card:
        lines += [f"**{answer.card.title}**", *(f"- {line}" for line in answer.card.lines), ""]
    for s in answer.sentences:
        lines += [f"**{s.heading}**", ""] if s.heading else []
        lines.append(sentence_line(s))
    if answer.citations:
        lines += ["", f"{say('sources', answer.question.language)}:", *(line.strip() for line in source_lines(answer))]
    lines += ["", *(p for p in answer.pointers)]
    return "\n".join(lines).strip() + "\n"
