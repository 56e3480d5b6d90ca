"""Answer -> safe HTML for the question page. Pure functions: no Gradio, no request, no clock but the day they are given.

Everything that comes from a question, a document or a card passes `escape`. Buttons carry `data-` attributes; what they do is in
`vraagbaak/static/app.js`, which works on the HTML made here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from assistant.model import Answer, Card, Citation, Language, Sentence
from assistant.render import as_text, place
from assistant.simpler import Plain
from assistant.source_view import badge, facts, named
from assistant.ui_wording import EXAMPLES, Example, ui
from corpus.model import Hit, Source

SHOWN_QUOTE = 260  # characters of a quotation in the list of sources
NEAREST = 3  # passages that are offered when nothing was answered


@dataclass(frozen=True, slots=True)
class Context:
    """What a view needs beside the answer. codes: source codes that can be opened. days: how long feedback is kept."""

    today: date
    language: Language = "nl"
    codes: Collection[str] = frozenset()
    simpler: tuple[Plain, ...] = ()
    sources: tuple[tuple[str, Source], ...] = ()  # of `simpler`, by key
    feedback: bool = True
    days: int = 90

    @property
    def prefix(self) -> str:
        """The beginning of addresses in this language."""
        return "/en" if self.language == "en" else ""


# --- before the first question ---------------------------------------------------------------------------------------------


def welcome(language: Language) -> str:
    """What stands above the box before the first question."""
    lead = f'<h1 class="vb-title">{escape(ui("ask_title", language))}</h1><p class="vb-lead">{escape(ui("ask_lead", language))}</p>'
    return f'<div class="vb-welcome">{lead}<p class="vb-hint">{escape(ui("ask_no_names", language))}</p></div>'


def examples_html(examples: Sequence[Example], language: Language) -> str:
    """What stands below it: questions to start with, by theme."""
    if not examples:
        return ""
    themes = dict.fromkeys(e.theme for e in examples)
    groups = "".join(_theme(t, [e for e in examples if e.theme == t], language) for t in themes)
    return f'<h2 class="vb-sr">{escape(ui("examples", language))}</h2><div class="vb-themes">{groups}</div>'


def _theme(theme: str, examples: Sequence[Example], language: Language) -> str:
    name = examples[0].theme_en if language == "en" else theme
    buttons = "".join(
        f'<li><button type="button" class="vb-example" data-vraag="{escape(e.question)}" lang="nl">{escape(e.question)}</button></li>'
        for e in examples
    )
    head = f"<h3>{escape(name)}</h3>" if name else ""
    return f'<section class="vb-theme">{head}<ul>{buttons}</ul></section>'


def examples_for(codes: Collection[str], questions: Sequence[str] = ()) -> tuple[Example, ...]:
    """The examples that this corpus can answer; without any, headings of the texts that are questions themselves."""
    known = tuple(e for e in EXAMPLES if e.source in codes)
    return known or tuple(Example("", "", q, "") for q in questions[:6])


# --- one turn -----------------------------------------------------------------------------------------------------------------


def turn(answer: Answer, context: Context, number: int) -> str:
    """A question and everything that was answered. number: counts from 1 in this conversation."""
    parts = [
        _question(answer, context.language),
        card_html(answer.card, context) if answer.card else "",
        _body(answer, context),
    ]
    says = _announcement(answer, context.language)
    return (
        f'<article class="vb-turn" id="beurt-{number}" data-status="{answer.status}" data-zeg="{escape(says)}">'
        f'{"".join(parts)}</article>'
    )  # fmt: skip


def failed(hint: str, language: Language, number: int) -> str:
    """A turn that went wrong, in plain words; the question itself stays in the box."""
    title = ui("error_title", language)
    return (
        f'<article class="vb-turn vb-failed" id="beurt-{number}" data-status="error" data-zeg="{escape(title)}. {escape(hint)}">'
        f'<h2 class="vb-q" tabindex="-1">{escape(title)}</h2><p class="vb-notice vb-warn">{escape(hint)}</p></article>'
    )


def problem(hint: str) -> str:
    """A plain sentence about something that does not work."""
    return f'<p class="vb-notice vb-warn" role="alert">{escape(hint)}</p>'


def _announcement(answer: Answer, language: Language) -> str:
    """What a screen reader says when the answer arrives."""
    said = [ui("done_card", language)] if answer.card else []
    if answer.sentences:
        said.append(ui("done", language, n=len(answer.citations)))
    elif answer.status == "no_answer":
        said.append(ui("done_none", language))
    return " ".join(said)


def _question(answer: Answer, language: Language) -> str:
    label = ui("your_question", language)
    body = masked_html(answer.question.text, answer.question.masked, language)
    return f'<h2 class="vb-q" tabindex="-1"><span class="vb-sr">{escape(label)}: </span>{body}</h2>'


def masked_html(text: str, found: Sequence[tuple[str, str]], language: Language) -> str:
    """A masked text in which every replacement is visible as such, with the reason."""
    escaped = escape(text)
    why = escape(ui("masked_why", language))
    for replacement in dict.fromkeys(r for _, r in found):
        shown = f'<span class="vb-masked" title="{why}">{escape(replacement)}</span>'
        escaped = escaped.replace(escape(replacement), shown)
    return escaped


def card_html(card: Card, context: Context) -> str:
    """A fixed card as its trainers wrote it. A crisis card starts with a button that calls 112."""
    language = context.language
    lines = "".join(f"<li>{linked(line, context)}</li>" for line in card.lines)
    call = ""
    if card.kind == "crisis":
        call = f'<a class="vb-112" href="tel:112">{escape(ui("call_112", language))}</a>'
    role = ' role="alert"' if card.kind == "crisis" else ""
    return (
        f'<section class="vb-card vb-{card.kind}"{role} aria-label="{escape(card.title)}">'
        f"<div class='vb-card-head'><h3>{escape(card.title)}</h3>{call}</div><ul>{lines}</ul></section>"
    )


def linked(text: str, context: Context) -> str:
    """Escaped text in which 112 can be called and the codes of texts can be opened."""
    out = re.sub(r"\b112\b", '<a href="tel:112">112</a>', escape(text))

    def code(match: re.Match[str]) -> str:
        if match.group() not in context.codes:
            return match.group()
        label = f'<span class="vb-sr"> {escape(ui("new_tab", context.language))}</span>'
        return f'<a href="{context.prefix}/kennisbank/{match.group()}" target="_blank" rel="noopener">{match.group()}{label}</a>'

    return re.sub(r"\b[A-Z]{1,3}\d{1,3}\b", code, out)


def _body(answer: Answer, context: Context) -> str:
    """Everything below the card: the answer with its sources beside it, or what to do without one."""
    if answer.status == "card":
        return _pointers(answer, context) + _feedback(answer, context)
    main = _answer_html(answer, context) + _notices(answer) + _pointers(answer, context) + _actions(answer, context)
    main += _simpler(context) + _feedback(answer, context)
    aside = _sources(answer, context) or _near(answer, context)
    return f'<div class="vb-grid"><div class="vb-main">{main}</div>{aside}</div>'


# --- the answer -----------------------------------------------------------------------------------------------------------------


def _answer_html(answer: Answer, context: Context) -> str:
    if not answer.sentences:
        said = next((n.text for n in answer.notices if n.kind == "nothing_found"), ui("no_answer", context.language))
        return f'<h3 class="vb-none">{escape(said)}</h3>'
    title = ui("answer_partly" if answer.status == "partly" else "answer", context.language)
    hidden = "" if answer.status == "partly" else ' class="vb-sr"'
    return f'<h3{hidden}>{escape(title)}</h3><div class="vb-answer" lang="nl">{sentences_html(answer, context)}</div>'


def sentences_html(answer: Answer, context: Context) -> str:
    """The sentences: running text as paragraphs (one for each source), list items as lists, table rows as labelled lines."""
    out: list[str] = []
    for kind, run in _runs(answer.sentences):
        if run[0].heading:
            out.append(f'<h4 class="vb-under">{escape(run[0].heading)}</h4>')
        pieces = [sentence_html(s, answer, context) for s in run]
        if kind == "list":
            out.append("<ul>" + "".join(f"<li>{p}</li>" for p in pieces) + "</ul>")
        elif kind == "table":
            out.append('<div class="vb-rows">' + "".join(pieces) + "</div>")
        else:
            out.append("<p>" + " ".join(pieces) + "</p>")
    return "".join(out)


def _runs(sentences: Sequence[Sentence]) -> list[tuple[str, list[Sentence]]]:
    runs: list[tuple[str, list[Sentence]]] = []
    for s in sentences:
        kind = {"list_item": "list", "table_row": "table"}.get(s.kind, "text")
        last = runs[-1] if runs else None
        same = last is not None and last[0] == kind and not s.heading and (kind != "text" or last[1][-1].citations == s.citations)
        if same and last is not None and not (kind == "text" and last[1][-1].kind == "lead_in"):
            last[1].append(s)
        else:
            runs.append((kind, [s]))
    return runs


def sentence_html(sentence: Sentence, answer: Answer, context: Context) -> str:
    """A sentence, word for word, and a button for each of its sources."""
    buttons = "".join(_cite(answer.citation(key), sentence, answer, context) for key in sentence.citations)
    if sentence.kind == "table_row":
        return f'<div class="vb-row"><dl>{_row(sentence)}</dl><div class="vb-row-cite">{buttons}</div></div>'
    start, space, last = sentence.text.rpartition(" ")  # a number never stands alone on the next line
    if len(last) > 24:
        return f'<span class="vb-s">{escape(sentence.text)}</span>{buttons}'
    return f'<span class="vb-s">{escape(start + space)}<span class="vb-nobr">{escape(last)}{buttons}</span></span>'


def _row(sentence: Sentence) -> str:
    cells = sentence.text.split(" | ")
    if len(cells) != len(sentence.header):
        return f"<div><dd>{escape(sentence.text)}</dd></div>"
    pairs = ((h, c) for h, c in zip(sentence.header, cells, strict=True) if c)
    return "".join(f"<div>{f'<dt>{escape(h)}</dt>' if h else ''}<dd>{escape(c)}</dd></div>" for h, c in pairs)


def _cite(citation: Citation, sentence: Sentence, answer: Answer, context: Context) -> str:
    """The number behind a sentence. It opens exactly the words of this sentence, where these can be found in the quotation."""
    at = citation.quote.find(sentence.text)
    start, end = (citation.start + at, citation.start + at + len(sentence.text)) if at >= 0 else (citation.start, citation.end)
    where = place(citation, answer.sources[citation.source], context.language)
    number = citation.key[1:]
    label = ui("source_n", context.language, n=number, where=where)
    return (
        f'<button type="button" class="vb-cite" aria-label="{escape(label)}" {opens(citation.source, start, end)}>{escape(number)}</button>'
    )


def opens(source: str, start: int, end: int) -> str:
    """The attributes that make a button open a source at some words."""
    return f'aria-haspopup="dialog" data-bron="{escape(source)}" data-van="{start}" data-tot="{end}"'


# --- sources beside it ----------------------------------------------------------------------------------------------------------


def _sources(answer: Answer, context: Context) -> str:
    if not answer.citations:
        return ""
    items = "".join(_source(c, answer.sources[c.source], context) for c in answer.citations)
    title = escape(ui("sources", context.language))
    return f'<aside class="vb-sources" aria-label="{title}"><h3>{title}</h3><ol>{items}</ol></aside>'


def _source(citation: Citation, source: Source, context: Context) -> str:
    language = context.language
    section = [h for h in citation.heading if h != source.title]
    pages = ui("page", language, pages=", ".join(map(str, citation.pages))) if citation.pages else ""
    where = " · ".join(escape(p) for p in (" › ".join(section), pages) if p)
    known = facts(source, context.today, language)
    meta = " · ".join(escape(f) for f in known[:2])
    return (
        f'<li><button type="button" class="vb-source" {opens(citation.source, citation.start, citation.end)}>'
        f'<span class="vb-n" aria-hidden="true">{escape(citation.key[1:])}</span>'
        f'<span class="vb-source-name">{escape(named(source))}</span>'
        + (f'<span class="vb-source-where">{where}</span>' if where else "")
        + f'<span class="vb-source-quote" lang="nl">{escape(cut(citation.quote))}</span>'
        f'<span class="vb-source-meta">{badge(source, context.today, language)} {meta}</span></button></li>'
    )


def cut(text: str, length: int = SHOWN_QUOTE) -> str:
    """The beginning of a text, cut between two words."""
    flat = " ".join(text.split())
    if len(flat) <= length:
        return flat
    return flat[:length].rsplit(" ", 1)[0] + " …"


def _near(answer: Answer, context: Context) -> str:
    """Without an answer: the passages that came nearest, to read for yourself."""
    near = answer.hits[:NEAREST]
    if answer.status != "no_answer" or not near:
        return ""
    title = escape(ui("near", context.language))
    items = "".join(_hit(h, answer.sources[h.passage.source]) for h in near)
    return f'<aside class="vb-sources vb-near" aria-label="{title}"><h3>{title}</h3><ul>{items}</ul></aside>'


def _hit(hit: Hit, source: Source) -> str:
    passage = hit.passage
    where = " › ".join(h for h in passage.heading if h != source.title)
    return (
        f'<li><button type="button" class="vb-source" {opens(passage.source, passage.start, passage.end)}>'
        f'<span class="vb-source-name">{escape(named(source))}</span>'
        + (f'<span class="vb-source-where">{escape(where)}</span>' if where else "")
        + f'<span class="vb-source-quote" lang="nl">{escape(cut(passage.text, 160))}</span></button></li>'
    )


# --- what else to know ----------------------------------------------------------------------------------------------------------


def _notices(answer: Answer) -> str:
    """Notices, but those that are shown elsewhere on the page: that nothing was found, and what came nearest."""
    warn = {"expired_version", "review_overdue", "changed_since", "sources_disagree", "part_missing", "personal_data", "indirect"}
    shown = [n for n in answer.notices if n.text and n.kind not in ("nearest", "nothing_found")]
    return "".join(
        f'<p class="vb-notice{" vb-warn" if n.kind in warn else ""}" data-kind="{escape(n.kind)}">{escape(n.text)}</p>' for n in shown
    )


def _pointers(answer: Answer, context: Context) -> str:
    if not answer.pointers:
        return ""
    items = "".join(f"<li>{linked(p, context)}</li>" for p in answer.pointers)
    return f'<section class="vb-pointers"><h3>{escape(ui("whom", context.language))}</h3><ul>{items}</ul></section>'


def _actions(answer: Answer, context: Context) -> str:
    language = context.language
    done, not_done = ui("copied", language), ui("copy_failed", language)
    buttons = [
        f'<button type="button" class="vb-small" data-doe="kopieer" data-tekst="{escape(copied(answer))}" data-klaar="{escape(done)}"'
        f' data-mislukt="{escape(not_done)}">{escape(ui("copy", language))}</button>',
        f'<button type="button" class="vb-small" data-doe="druk-af">{escape(ui("print", language))}</button>',
    ]
    if answer.sentences:
        buttons.append(
            f'<button type="button" class="vb-small" data-doe="eenvoudiger" aria-expanded="false">{escape(ui("simpler", language))}</button>'
        )
    return f'<div class="vb-actions">{"".join(buttons)}</div>'


def copied(answer: Answer) -> str:
    """The question, the answer and its sources as plain text, for a note to a colleague."""
    return f"{answer.question.text}\n\n{as_text(answer)}".strip()


def _simpler(context: Context) -> str:
    """Hidden until asked for; it came with the answer, so that no second question travels."""
    language = context.language
    if context.simpler:
        sources = dict(context.sources)
        body = "".join(_plain(p, sources[p.source], language) for p in context.simpler)
    else:
        from assistant.wording import say

        body = f"<p>{escape(say('no_simpler', language))}</p>"
    return f'<section class="vb-simpler" hidden tabindex="-1"><h3>{escape(ui("simpler_title", language))}</h3>{body}</section>'


def _plain(plain: Plain, source: Source, language: Language) -> str:
    label = ui("simpler_word" if plain.kind == "word" else "simpler_passage", language)
    return (
        f'<p class="vb-plain"><span class="vb-hint">{escape(label)}</span><br><span lang="nl">{escape(plain.text)}</span> '
        f'<button type="button" class="vb-link" {opens(plain.source, plain.start, plain.end)}>{escape(named(source))}</button></p>'
    )


# --- feedback ---------------------------------------------------------------------------------------------------------------------

VERDICTS = ("klopt", "klopt_niet", "niet_gevonden", "te_vaag")


def _feedback(answer: Answer, context: Context) -> str:
    """Four verdicts; the rest of the form is made by the browser when one is chosen. Nothing is sent before it was shown."""
    if not context.feedback:
        return ""
    language = context.language
    buttons = "".join(
        f'<button type="button" class="vb-small" data-oordeel="{v}" aria-pressed="false">{escape(ui("fb_" + v, language))}</button>'
        for v in VERDICTS
    )
    return (
        f'<section class="vb-feedback" data-dagen="{context.days}" data-wat="{escape(json.dumps(about(answer), ensure_ascii=False))}">'
        f'<h3>{escape(ui("feedback", language))}</h3><div class="vb-actions" role="group">{buttons}</div></section>'
    )  # fmt: skip


def about(answer: Answer) -> dict[str, object]:
    """What feedback says about an answer beside the verdict: the masked question, and which passages were shown."""
    title = answer.sources[answer.citations[0].source].title if answer.citations else ""
    return {
        "question": answer.question.text,
        "status": answer.status,
        "release": answer.release,
        "passages": list(dict.fromkeys(c.passage for c in answer.citations)),
        "shown": [c.key for c in answer.citations],
        "topic": title[:200],
    }
