"""What the page Beheer shows, as safe HTML: every word from a file is escaped here, because Gradio shows HTML as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from html import escape
from typing import Any

from corpus.model import Source
from ingest import wording
from ingest.build import Outcome
from ingest.compare import Change
from ingest.drafts import AnswerChange, Asked, Draft, Gate, Kept
from ingest.lint import Finding
from ingest.proposals import Proposal
from ingest.ui_wording import Language, action_name, day_or_dash, ui
from ingest.upload import FileReport, Piece

CHANGES_SHOWN, PIECES_SHOWN, FINDINGS_SHOWN = 40, 30, 25
_CHARACTERS = 1500  # of one side of a change


def good(text: str) -> str:
    """Something was done; read out by screen readers."""
    return f'<p class="vb-notice" role="status">{escape(text)}</p>'


def bad(text: str) -> str:
    """Something was not done."""
    return f'<p class="vb-notice vb-warn" role="alert">{escape(text)}</p>'


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that scrolls sideways on a phone. rows: safe HTML per cell; the first cell names the row."""
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>' for first, *rest in rows
    )
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    return (
        f'<div class="vb-table" tabindex="0" role="group" aria-label="{escape(caption)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _badge(text: str) -> str:
    return f'<span class="vb-badge">{escape(text)}</span>'


# --- state and texts ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class State:
    """What stands where. current: 0 when nothing answers. findings: of the release that answers."""

    current: int
    valid: int
    draft: Draft | None
    ahead: bool
    sample: bool
    accounts: bool
    findings: tuple[Finding, ...] = ()


def state(s: State, language: Language) -> str:
    """The lines on top of the page."""
    lines = [ui("state_current", language, number=s.current, valid=s.valid) if s.current else ui("state_none", language)]
    if s.draft is not None:
        name = "state_draft" if s.draft.base == s.current else "state_stale"
        lines.append(ui(name, language, number=s.draft.number, day=s.draft.made_at[:10]))
    elif s.ahead:
        lines.append(ui("state_ahead", language))
    if s.sample:
        lines.append(ui("sample", language))
    kinds = [f.kind for f in s.findings]
    counts = {
        "overdue": kinds.count(wording.OVERDUE), "soon": kinds.count(wording.SOON), "unreadable": kinds.count(wording.UNREADABLE),
        "personal": kinds.count(wording.PERSONAL),
    }  # fmt: skip
    if any(counts.values()):
        lines.append(ui("state_attention", language, **counts))
    warn = "" if s.accounts else bad(ui("no_accounts", language))
    return f'<div class="vb-notice">{"".join(f"<p>{escape(line)}</p>" for line in lines)}</div>{warn}'


def texts(
    sources: Sequence[Source], known: Mapping[str, tuple[str, int]], warnings: Mapping[str, Sequence[str]], language: Language
) -> str:
    """Every text of the folder. known: key -> (state in the release, words); warnings: key -> kinds of findings."""
    heads = [ui(f"col_{n}", language) for n in ("text", "state", "valid", "review", "words", "owner", "warnings")]
    rows = []
    for s in sources:
        where, words = known.get(s.key, (ui("unpublished", language), 0))
        days = f"{_day(s.valid_from)} / {_day(s.valid_until)}"
        rows.append(
            [
                f"{escape(s.key)}<br><small>{escape(s.title)}</small>",
                _badge(where),
                days,
                _day(s.review_by),
                str(words or "–"),
                escape(s.owner),
                "<br>".join(escape(w) for w in dict.fromkeys(warnings.get(s.key, ()))) or "–",
            ]  # fmt: skip
        )
    return table(ui("texts_caption", language), heads, rows)


# --- a file ---------------------------------------------------------------------------------------------------------------


def _day(day: date | None) -> str:
    return f'<span class="vb-day">{day_or_dash(day)}</span>'


def file_report(report: FileReport, language: Language) -> str:
    """What is in a file that was sent."""
    title = f"<h3>{escape(ui('report_title', language))}</h3>"
    if report.problem:
        return title + bad(ui("report_bad", language, name=report.name, problem=f"{report.problem} {report.hint}"))
    line = ui("report_line", language, name=report.name, words=report.words, pieces=len(report.pieces))
    parts = [title, f"<p>{escape(line)}</p>", "".join(bad(w) for w in report.warnings)]
    if report.findings:
        found = "".join(f"<li>{escape(f)}</li>" for f in report.findings)
        parts.append(
            f'<div class="vb-notice vb-warn" role="alert"><p>{escape(ui("report_findings", language))}</p><ul>{found}</ul></div>'
        )
    inside = pieces(report.pieces, language)
    parts.append(f"<details><summary>{escape(ui('report_pieces', language))}</summary>{inside}</details>")
    return "".join(parts)


def pieces(found: Sequence[Piece], language: Language) -> str:
    """How a text was cut."""
    items = "".join(
        f'<li><p class="vb-path">{escape(" › ".join(p.heading))} <span class="vb-meta">{escape(ui("words", language, n=p.words))}</span></p>'
        f'<p class="vb-plain">{escape(p.text)}</p></li>'
        for p in found[:PIECES_SHOWN]
    )
    left = len(found) - PIECES_SHOWN
    rest = f"<p>{escape(ui('more_pieces', language, n=left))}</p>" if left > 0 else ""
    return f"<ol>{items}</ol>{rest}"


def outcome(made: Outcome, language: Language) -> str:
    """The report per file of a draft: files that changed or could not be read; a count of the others."""
    heads = [ui(f"col_{n}", language) for n in ("file", "result", "words", "warnings")]
    rows, same = [], 0
    for row in made.rows:
        if row.status == "unchanged" and not row.warnings:
            same += 1
            continue
        told = f"{row.problem} {row.hint}" if row.problem else " ".join(row.warnings)
        rows.append([escape(row.source), _badge(ui(f"row_{row.status}", language)), str(row.words or "–"), escape(told) or "–"])
    note = f"<p>{escape(ui('unchanged_n', language, n=same))}</p>" if same else ""
    return f"<h3>{escape(ui('draft_report', language))}</h3>{table(ui('draft_report', language), heads, rows) if rows else ''}{note}"


# --- what changes ---------------------------------------------------------------------------------------------------------


def changes(found: Sequence[Change], language: Language) -> str:
    """Sections side by side, what is gone and what is new marked."""
    if not found:
        return f"<p>{escape(ui('changes_none', language))}</p>"
    parts = [f"<p>{escape(ui('changes_n', language, n=len(found)))}</p>"]
    for change in found[:CHANGES_SHOWN]:
        title = f"{change.source} {' › '.join(change.heading)}"
        before, after = marked(change.before[:_CHARACTERS], change.after[:_CHARACTERS])
        inside = _sides(before, after, language)
        what = ui(f"change_{change.what}", language)
        parts.append(f"<details><summary><span>{_badge(what)} {escape(title)}</span></summary>{inside}</details>")
    if len(found) > CHANGES_SHOWN:
        parts.append(f"<p>{escape(ui('changes_more', language, n=len(found) - CHANGES_SHOWN))}</p>")
    return "".join(parts)


def marked(before: str, after: str) -> tuple[str, str]:
    """Both texts as safe HTML, with the words that went and the words that came marked."""
    old, new = before.split(" "), after.split(" ")
    left, right = [], []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, came = escape(" ".join(old[a:b])), escape(" ".join(new[c:d]))
        left.append(gone if what == "equal" or not gone else f"<del>{gone}</del>")
        right.append(came if what == "equal" or not came else f"<ins>{came}</ins>")
    return " ".join(filter(None, left)), " ".join(filter(None, right))


def _sides(before: str, after: str, language: Language) -> str:
    nothing = f"<em>{escape(ui('nothing_there', language))}</em>"
    return (
        f'<div class="vb-sides"><div><h4>{escape(ui("before", language))}</h4><p class="vb-plain">{before or nothing}</p></div>'
        f'<div><h4>{escape(ui("after", language))}</h4><p class="vb-plain">{after or nothing}</p></div></div>'
    )


def tried(now: tuple[int, Asked] | None, then: tuple[int, Asked] | None, language: Language) -> str:
    """What a confidant gets for one question, now and after publishing."""
    parts = []
    for name, side in (("try_now", now), ("try_draft", then)):
        if side is not None:
            number, asked = side
            lines = "".join(f"<p>{escape(line)}</p>" for line in asked.short)
            parts.append(f"<div><h4>{escape(ui(name, language, number=number))}</h4>{lines}</div>")
    return f'<div class="vb-sides">{"".join(parts)}</div>'


def answer_changes(found: Sequence[AnswerChange], total: int, language: Language) -> str:
    """The questions that get another answer."""
    if not found:
        return good(ui("compare_none", language, n=total))
    parts = [good(ui("compare_n", language, n=len(found), total=total))]
    for change in found[:CHANGES_SHOWN]:
        before, after = marked("\n".join(change.before), "\n".join(change.after))
        parts.append(
            f"<details><summary><span>{escape(change.question)}</span></summary>{_sides(before, after, language)}</details>"
        )
    return "".join(parts)


def gate(result: Gate | None, language: Language) -> str:
    """What the quality gate says about the draft."""
    if result is None:
        return f"<p>{escape(ui('gate_no_items', language))}</p>"
    if result.passed is None:
        return bad(ui("gate_unmeasured", language))
    lines = "".join(f"<li>{escape(line)}</li>" for line in result.lines[:FINDINGS_SHOWN])
    told = good(ui("gate_passed", language)) if result.passed else bad(ui("gate_failed", language))
    return told + (f"<ul>{lines}</ul>" if lines else "")


def releases(kept: Sequence[Kept], language: Language) -> str:
    """All releases, newest first."""
    heads = [ui(f"col_{n}", language) for n in ("release", "made", "texts", "note")]
    rows = []
    for k in kept:
        mark = ui("is_current", language) if k.current else ui("is_draft", language) if k.draft else ""
        rows.append(
            [
                f"{k.number} {_badge(mark) if mark else ''}",
                escape(k.made_at[:16].replace("T", " ")),
                str(k.sources),
                escape(k.note) or "–",
            ]
        )
    return table(ui("releases_title", language), heads, rows)


# --- attention, proposals, log --------------------------------------------------------------------------------------------


def findings(found: Sequence[Finding], number: int, language: Language) -> str:
    """Everything worth a look, grouped by kind in the order in which it should be looked at."""
    if not found:
        return good(ui("attention_none", language))
    parts = [f"<p>{escape(ui('attention_of', language, number=number))}</p>"]
    for kind in dict.fromkeys(f.kind for f in found):
        mine = [f for f in found if f.kind == kind]
        items = "".join(
            f"<li><strong>{escape(f.source)}</strong> {escape(' › '.join(f.heading))}<br>{escape(f.text)}</li>"
            for f in mine[:FINDINGS_SHOWN]
        )
        hint = f'<p class="vb-hint">{escape(mine[0].hint)}</p>' if mine[0].hint else ""
        parts.append(f"<details open><summary>{escape(kind)} ({len(mine)})</summary>{hint}<ul>{items}</ul></details>")
    return "".join(parts)


def queue(waiting: Sequence[Proposal], language: Language) -> str:
    """What waits for a second person, with what stands there and what should."""
    if not waiting:
        return f"<p>{escape(ui('queue_none', language))}</p>"
    parts = []
    for p in waiting:
        before, after = marked(_entry(p.before), _entry(p.after))
        who = ui("by_on", language, by=p.by, day=p.day)
        parts.append(
            f"<details open><summary><span>{escape(p.subject)} <small>{escape(who)}</small></span></summary>{_sides(before, after, language)}</details>"
        )
    return "".join(parts)


def _entry(fields: Mapping[str, Any]) -> str:
    shown = (
        f"{k}: {', '.join(map(str, v)) if k == 'variants' else chr(10).join(map(str, v)) if isinstance(v, list) else v}"
        for k, v in fields.items()
        if v
    )
    return "\n".join(shown)


def changes_log(rows: Sequence[tuple[str, str, str, str]], language: Language) -> str:
    """The newest rows of the log of changes: (time, who, action, subject)."""
    if not rows:
        return f"<p>{escape(ui('log_none', language))}</p>"
    heads = [ui(f"col_{n}", language) for n in ("when", "who", "what", "about")]
    cells = [
        [escape(time[:16].replace("T", " ")), escape(who or "–"), escape(action_name(what, language)), escape(about)]
        for time, who, what, about in rows
    ]
    return table(ui("log_title", language), heads, cells)


def typed_day(text: str) -> date | None:
    """A date as a trainer types it; None when the field is empty. ValueError otherwise."""
    return date.fromisoformat(text.strip()) if text.strip() else None
