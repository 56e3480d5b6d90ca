"""Over & privacy: who runs this, what is kept, how an answer is made, how good the answers are. The texts come from cards.toml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from assistant.answer import Shelved
from assistant.library_page import made_on
from assistant.model import Language
from assistant.ui_wording import ui
from assistant.wording import day


@dataclass(frozen=True, slots=True)
class Quality:
    """The last eval run of a release. measures: (what, result) as words, in the order to show."""

    release: int
    questions: int
    day: date
    measures: tuple[tuple[str, str], ...]


def about(shelved: Shelved | None, today: date, language: Language, quality: Quality | None = None) -> str:
    """The page. Without a release only what holds for every release is shown."""
    parts = [f'<h1 class="vb-title">{escape(ui("about_title", language))}</h1><p class="vb-lead">{escape(ui("about_lead", language))}</p>']
    if shelved is not None:
        parts.append(privacy(shelved.fixed.privacy(language)))
    parts.append(quality_html(quality, language))
    if shelved is not None:
        parts.append(_release(shelved, today, language))
    return "".join(parts)


def privacy(sections: Mapping[str, object]) -> str:
    """Each heading of [privacy] with its line or lines."""
    return "".join(f"<section class='vb-about'><h2>{escape(title)}</h2>{_lines(text)}</section>" for title, text in sections.items())


def _lines(text: object) -> str:
    lines: Sequence[object] = text if isinstance(text, list | tuple) else [text]
    return "".join(f"<p>{escape(str(line))}</p>" for line in lines)


def quality_html(quality: Quality | None, language: Language) -> str:
    """What was measured, as a table; a plain sentence when nothing was."""
    title = f"<h2>{escape(ui('quality', language))}</h2>"
    if quality is None:
        return f"<section class='vb-about'>{title}<p>{escape(ui('quality_none', language))}</p></section>"
    lead = ui("quality_lead", language, date=day(quality.day, language), n=quality.questions, release=quality.release)
    rows = "".join(f'<tr><th scope="row">{escape(what)}</th><td>{escape(result)}</td></tr>' for what, result in quality.measures)
    head = f'<tr><th scope="col">{escape(ui("measure", language))}</th><th scope="col">{escape(ui("value", language))}</th></tr>'
    return (
        f"<section class='vb-about'>{title}<p>{escape(lead)}</p>"
        f'<div class="vb-table" tabindex="0" role="group" aria-label="{escape(ui("quality", language))}">'
        f"<table><thead>{head}</thead><tbody>{rows}</tbody></table></div></section>"
    )


def _release(shelved: Shelved, today: date, language: Language) -> str:
    manifest = shelved.search.release.manifest
    valid = sum(s.answers_on(today) for s in shelved.search.release.sources)
    line = ui("release_line", language, number=manifest.number, date=day(made_on(manifest), language), texts=valid, passages=manifest.passages)
    return f"<section class='vb-about'><h2>{escape(ui('release', language))}</h2><p>{escape(line)}</p></section>"
