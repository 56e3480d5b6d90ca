"""What the knowledge base lacks: topics and questions that were not answered, and where in the pipeline that was lost.

Two sources only: feedback that confidants chose to send (masked, as it is stored) and the test set. Feedback is shown as counts per
topic from a minimum group on, and as the texts themselves, which their authors sent to be read. Nothing is counted that nobody
sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from assistant.journal import MINIMUM_GROUP, Feedback, TopicCount
from assistant.model import Answer, Language
from assistant.ui_wording import ui

Cause = Literal["missing", "worded", "not_found", "answered"]
NEAREST, MOST = 3, 60


@dataclass(frozen=True, slots=True)
class Gap:
    """A question without a good answer. origin: "feedback" or the id of a test item. nearest: "N01 3.0: Bewaren"."""

    origin: str
    question: str
    cause: Cause
    nearest: tuple[str, ...] = ()
    note: str = ""
    day: str = ""


def cause_of(answer: Answer, lowest: float) -> Cause:
    """Where a question of feedback is lost, judged without knowing the right answer.

    missing: nothing in the texts comes near (best fused score below `lowest`).  worded: a passage comes near, but no sentence of it
    says it plainly enough to be shown.  answered: the release of today answers it.
    """
    if answer.status in ("answered", "partly", "card"):
        return "answered"
    best = max((hit.score for hit in answer.hits), default=0.0)
    return "missing" if best < lowest else "worded"


def cause_of_item(stage: str) -> Cause:
    """Where a test item was lost, by the stage in the funnel of its run (evals.metrics): there the right passage is known."""
    if stage == "not in the corpus":
        return "missing"
    return "not_found" if stage.startswith("not among") else "worded"


def from_feedback(sent: Iterable[Feedback], ask: Callable[[str], Answer], lowest: float) -> tuple[Gap, ...]:
    """Feedback that says an answer was wrong, vague or missing, asked again of the release that answers now; newest first."""
    chosen = [f for f in sent if f.verdict != "klopt" and f.question.strip()]
    gaps = []
    for feedback in sorted(chosen, key=lambda f: (f.day, f.id), reverse=True)[:MOST]:
        answer = ask(feedback.question)
        gaps.append(Gap("feedback", feedback.question, cause_of(answer, lowest), nearest(answer), feedback.note, feedback.day))
    return tuple(gaps)


def nearest(answer: Answer) -> tuple[str, ...]:
    """The sections that come nearest to a question."""
    places: dict[str, None] = {}
    for hit in answer.hits:
        source = answer.sources.get(hit.passage.source)
        name = f"{source.code} {source.version}" if source else hit.passage.source
        places[f"{name}: {hit.passage.heading[-1] if hit.passage.heading else ''}".rstrip(": ")] = None
    return tuple(places)[:NEAREST]


def from_items(
    rows: Sequence[Mapping[str, Any]], questions: Mapping[str, str], nearby: Callable[[str], tuple[str, ...]]
) -> tuple[Gap, ...]:
    """Test items that a run did not answer, though they can be. rows: of the run; questions: id -> question."""
    fine = (None, "answered", "card instead")
    lost = [r for r in rows if r.get("funnel") not in fine and r["id"] in questions and not r.get("counterfactual")]
    return tuple(
        Gap(r["id"], questions[r["id"]], cause_of_item(str(r["funnel"])), nearby(questions[r["id"]])) for r in lost[:MOST]
    )


def gaps_html(topics: Sequence[TopicCount], gaps: Sequence[Gap], language: Language) -> str:
    """The page part: topic counts, then the questions with their cause and the nearest sections."""
    rows = "".join(f'<tr><th scope="row">{escape(t.topic)}</th><td>{t.count}</td></tr>' for t in topics)
    head = f'<tr><th scope="col">{escape(ui("fb_topic", language))}</th><th scope="col">{escape(ui("gaps_count", language))}</th></tr>'
    table = f'<div class="vb-table" tabindex="0" role="group" aria-label="{escape(ui("gaps_topics", language))}"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'
    parts = [
        f'<p class="vb-hint">{escape(ui("gaps_lead", language, least=MINIMUM_GROUP))}</p><h2 class="vb-kop">{escape(ui("gaps_topics", language))}</h2>',
        table if topics else f"<p>{escape(ui('gaps_no_topics', language, least=MINIMUM_GROUP))}</p>",
        f'<h2 class="vb-kop">{escape(ui("gaps_questions", language))}</h2>',
        "".join(_gap(gap, language) for gap in gaps) or f"<p>{escape(ui('gaps_none', language))}</p>",
    ]
    return "".join(parts)


def _gap(gap: Gap, language: Language) -> str:
    origin = (
        f"{ui('gaps_feedback', language)}, {gap.day}"
        if gap.origin == "feedback"
        else f"{ui('gaps_item', language)} {gap.origin}"
    )
    near = "".join(f"<li>{escape(place)}</li>" for place in gap.nearest)
    note = f"<p>{escape(gap.note)}</p>" if gap.note else ""
    places = f"<p>{escape(ui('gaps_near', language))}</p><ul>{near}</ul>" if near else ""
    return (
        f'<details><summary><span><span class="vb-badge">{escape(ui(f"gap_{gap.cause}", language))}</span> {escape(gap.question)}</span></summary>'
        f'<p class="vb-meta">{escape(origin)}</p>{note}<p>{escape(ui(f"gap_{gap.cause}_do", language))}</p>'
        f"{places}</details>"
    )
