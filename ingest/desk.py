"""The page Beheer without Gradio: what a trainer filled in goes in, HTML comes out. What is done is in edit, drafts and proposals.

What the page needs from rooms that `ingest` may not import comes in `Tools`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from corpus import release as releases
from corpus.errors import ReleaseError, VraagbaakError, WriterBusy
from corpus.model import Source
from ingest import cli, drafts, edit, page_html, proposals
from ingest.check import Check, check_release
from ingest.drafts import Asked, Draft, Gate
from ingest.edit import Actor, Bench, EditError
from ingest.lint import Finding
from ingest.page_html import State, bad, good
from ingest.ui_wording import Language, ui
from ingest.upload import Piece, Upload, report

log = logging.getLogger(__name__)

LOG_ROWS = 50
CHECKS_KEPT = 4
QUESTION_MOST, COMPARE_MOST = 1000, 300


@dataclass(frozen=True, slots=True)
class Tools:
    """What other rooms do for this page.

    log: (actor, action, subject, detail).  ready: raises when nothing can be logged.  ask: (release, question).  measured: what is
    known of the quality of a release, None without test questions; measure: find out.  questions: of the test set.
    check_cards: raises for a file of cards that cannot be used.  rows: newest rows of the log.  gaps: HTML.  today: as the
    assistant counts days.
    """

    log: Callable[[str, str, str, Mapping[str, object]], object]
    ready: Callable[[], object]
    ask: Callable[[int, str], Asked]
    measured: Callable[[int], Gate | None]
    measure: Callable[[int, Callable[[int, int], None]], Gate | None]
    questions: Callable[[], Sequence[str]]
    check_cards: Callable[[Path], object]
    rows: Callable[[int], Sequence[tuple[str, str, str, str]]]
    gaps: Callable[[Language], str]
    today: Callable[[], date] = date.today


@dataclass(frozen=True, slots=True)
class Desk:
    """The page without Gradio: each method takes what was filled in and gives HTML. Errors of people become sentences."""

    bench: Bench
    tools: Tools
    language: Language = "nl"
    accounts: bool = True
    checks: dict[tuple[str, date], Check] = field(default_factory=dict)

    def ui(self, name: str, /, **values: object) -> str:
        """A text in the language of this page."""
        return ui(name, self.language, **values)

    def told(self, error: Exception) -> str:
        """What a trainer is told about an error; a bug leaves its place in the log, and none of its words."""
        if isinstance(error, EditError):
            return bad(error.text(self.language))
        if isinstance(error, WriterBusy):
            return bad(self.ui("busy"))
        if isinstance(error, VraagbaakError):
            return bad(f"{error} {error.hint}")
        log.error("a trainer's action failed: %s at %s", type(error).__name__, _where(error))
        return bad(self.ui("bug"))

    # looking

    def state(self) -> str:
        """The lines on top."""
        current, draft, valid = _current(self.bench.home), drafts.open_draft(self.bench.home), 0
        findings: tuple[Finding, ...] = ()
        if current:
            check = self._check(current)
            valid, findings = sum(row.state == "geldig" for row in check.documents), check.findings
        sample = self.bench.folder == cli.sample_folder()
        return page_html.state(State(current, valid, draft, self.ahead(), sample, self.accounts, findings), self.language)

    def ahead(self) -> bool:
        """Whether the folder differs from the release that answers: catalogue rows, or bytes of a file that was read."""
        folder = self.bench.folder
        try:
            with releases.open_release(self.bench.home, check=False) as release:
                read = {key: sha for key, _, sha in release.manifest.sources if sha}
                rows = [replace(s, sha256="", title="") for s in release.sources]
            now = self.bench.sources()
            changed = any(releases.file_sha256(folder / s.path) != read[s.key] for s in now if s.key in read)
            return changed or [replace(s, sha256="", title="") for s in now] != rows
        except (VraagbaakError, OSError):
            return False

    def _check(self, number: int) -> Check:
        """Documents and findings of a release; looked at once, because releases do not change."""
        mark = releases.file_sha256(releases.release_folder(self.bench.home, number) / "manifest.json")
        key = (mark, self.bench.today())
        if key not in self.checks:
            with releases.open_release(self.bench.home, number, check=False) as release:
                found = check_release(release, self.bench.today())
            while len(self.checks) >= CHECKS_KEPT:
                self.checks.pop(next(iter(self.checks)), None)
            self.checks[key] = found
        return self.checks[key]

    def texts(self) -> str:
        """The table of all texts."""
        known: dict[str, tuple[str, int]] = {}
        warnings: dict[str, list[str]] = {}
        if current := _current(self.bench.home):
            check = self._check(current)
            known = {row.source: (row.state, row.words) for row in check.documents}
            for finding in check.findings:
                warnings.setdefault(finding.source, []).append(finding.kind)
        return page_html.texts(self.bench.sources(), known, warnings, self.language)

    def pieces(self, key: str) -> str:
        """How a text of the draft, or else of the release that answers, was cut."""
        draft = drafts.open_draft(self.bench.home)
        number = draft.number if draft is not None else _current(self.bench.home)
        with releases.open_release(self.bench.home, number, check=False) as release:
            found = [Piece(p.heading, p.text, len(p.text.split())) for p in release.passages() if p.source == key]
        head = self.ui("pieces", key=key, n=len(found), words=sum(p.words for p in found))
        return good(head) + page_html.pieces(found, self.language)

    def attention(self) -> str:
        """Findings of the draft, or else of the release that answers."""
        draft = drafts.open_draft(self.bench.home)
        number = draft.number if draft is not None else _current(self.bench.home)
        if not number:
            return bad(self.ui("state_none"))
        return page_html.findings(self._check(number).findings, number, self.language)

    # texts

    def save(self, actor: Actor, seen: Source | None, typed: Mapping[str, str]) -> str:
        """Change fields of a catalogue row."""
        if seen is None:
            return bad(self.ui("pick_text"))
        changed = edit.edit_fields(self.bench, actor, seen, self._filled(seen, typed))
        names = ", ".join(self.ui(f"f_{name}").partition(" (")[0].lower() for name in changed)
        return good(self.ui("saved", fields=names) if changed else self.ui("saved_nothing"))

    def _filled(self, source: Source, typed: Mapping[str, str]) -> Source:
        values: dict[str, Any] = {}
        for name, text in typed.items():
            if name in ("valid_from", "valid_until", "review_by"):
                try:
                    values[name] = page_html.typed_day(text)
                except ValueError as error:
                    raise EditError("date_wrong", value=text.strip()[:40]) from error
            else:
                values[name] = " ".join(text.split())[:300]
        return replace(source, **values)

    def retire(self, actor: Actor, key: str) -> str:
        """Let a text expire today."""
        edit.retire_text(self.bench, actor, key)
        return good(self.ui("retired", key=key))

    def erase(self, actor: Actor, key: str, confirmed: str) -> str:
        """Erase a text, when its key was typed."""
        if not key or confirmed.strip() != key:
            return bad(self.ui("erase_not_confirmed", key=key or "…"))
        proof = edit.erase_text(self.bench, actor, key)
        if proof is None:
            return good(self.ui("erased_folder", key=key))
        say = good if proof.clean else bad
        found = self.ui(
            "erased", key=key, release=proof.release, files=proof.files, sentences=proof.sentences, found=len(proof.found)
        )
        return say(found) + "".join(bad(line) for line in proof.found[:20])

    def look_at(self, actor: Actor, path: str) -> tuple[str, Upload | None]:
        """Read a file that was sent and forget where Gradio put it; its report, and the file when it can be kept."""
        upload = _taken(Path(path), self.bench.upload_mb)
        actor.need("corpus.edit")
        found = report(upload, self.bench.upload_mb)
        return page_html.file_report(found, self.language), None if found.problem else upload

    def keep(self, actor: Actor, upload: Upload | None, replaces: str | None, typed: Mapping[str, str]) -> str:
        """Add a text, or a new version of one. replaces: its key; "" when none was chosen; None for a new text."""
        actor.need("corpus.edit")
        if upload is None:
            return bad(self.ui("no_file"))
        if replaces == "":
            return bad(self.ui("pick_old"))
        source = self._filled(Source("", "", "", "geldig", ""), typed)
        if replaces is None:
            return good(self.ui("added", key=edit.add_text(self.bench, actor, source, upload).key))
        made = edit.replace_text(self.bench, actor, replaces, source, upload)
        return good(self.ui("replaced", key=made.key, old=replaces, day=made.valid_from))

    # drafts

    def draft(self, actor: Actor, progress: Callable[[str, int, int], None]) -> str:
        """Make a draft and show what it holds."""
        made = drafts.make_draft(self.bench, actor, progress)
        if not made.changed:
            return good(self.ui("draft_same", number=made.number)) + page_html.outcome(made, self.language)
        line = self.ui("draft_made", number=made.number, passages=made.passages, parsed=made.parsed)
        return good(line) + page_html.outcome(made, self.language)

    def changes(self) -> str:
        """What the draft changes."""
        draft = self._draft()
        return page_html.changes(drafts.changes(self.bench.home, draft.base, draft.number), self.language)

    def diff(self, old: int, new: int) -> str:
        """What differs between two releases."""
        return page_html.changes(drafts.changes(self.bench.home, old, new), self.language)

    def attempt(self, question: str) -> str:
        """One question, now and after publishing. Nothing of it is kept."""
        question = question.strip()[:QUESTION_MOST]
        if not question:
            return ""
        current, draft = _current(self.bench.home), drafts.open_draft(self.bench.home)
        now = (current, self.tools.ask(current, question)) if current else None
        then = (draft.number, self.tools.ask(draft.number, question)) if draft is not None else None
        return page_html.tried(now, then, self.language)

    def compare(self, typed: str) -> str:
        """Questions of the trainer, or of the test set, that get another answer after publishing."""
        draft = self._draft()
        own = [q.strip()[:QUESTION_MOST] for q in typed.splitlines() if q.strip()]
        questions = (own or list(self.tools.questions()))[:COMPARE_MOST]
        found = drafts.answer_changes(self.tools.ask, draft.base, draft.number, questions)
        return page_html.answer_changes(found, len(questions), self.language)

    def measure(self, actor: Actor, progress: Callable[[int, int], None]) -> str:
        """Measure the draft and show what the gate says."""
        actor.need("evals.run")
        return page_html.gate(self.tools.measure(self._draft().number, progress), self.language)

    def gate(self) -> str:
        """What is known of the quality of the draft."""
        draft = drafts.open_draft(self.bench.home)
        return page_html.gate(self.tools.measured(draft.number), self.language) if draft is not None else ""

    def publish(self, actor: Actor, seen: Draft | None, reason: str) -> str:
        """Let the draft answer. seen: the draft as this page showed it."""
        actor.need("corpus.publish")
        if seen is None:
            return bad(self.ui("draft_none"))
        number = drafts.publish(self.bench, actor, seen, self._measured(seen), reason)
        return good(self.ui("published", number=number))

    def _measured(self, seen: Draft) -> Gate | None:
        """The gate, when the draft is still there; when it is not, `publish` says so."""
        try:
            return self.tools.measured(seen.number)
        except ReleaseError:
            return None

    def discard(self, actor: Actor) -> str:
        """Throw the draft away."""
        drafts.discard(self.bench, actor)
        return good(self.ui("discarded"))

    def roll_back(self, actor: Actor, number: int | None, seen_current: int, reason: str) -> str:
        """Let an earlier release answer."""
        actor.need("corpus.rollback")
        if number is None:
            return bad(self.ui("back_pick"))
        drafts.roll_back(self.bench, actor, number, seen_current, reason)
        return good(self.ui("rolled_back", number=number))

    def _draft(self) -> Draft:
        draft = drafts.open_draft(self.bench.home)
        if draft is None:
            raise EditError("draft_none")
        return draft

    # two people

    def propose_card(self, actor: Actor, subject: str | None, typed: Mapping[str, str]) -> str:
        """Propose other words for a card."""
        actor.need("cards.propose")
        before = proposals.card(self.bench, subject or "")
        after = dict(before)
        for name, text in typed.items():
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            value: Any = lines if name.startswith("lines") else " ".join(text.split())
            if value or name in before:
                after[name] = value
        made = proposals.propose(self.bench, actor, "cards", before, after, self.tools.check_cards)
        return good(self.ui("proposed", subject=made.subject))

    def propose_word(self, actor: Actor, before: Mapping[str, Any], term: str, variants: str, weight: str) -> str:
        """Propose to add or change a relation between words. before: {} for a new one."""
        actor.need("cards.propose")
        words = [w.strip() for w in variants.split(",") if w.strip()]
        if not term.strip() or not words:
            raise EditError("words_needed")
        try:
            after = {"term": " ".join(term.split()), "variants": words, "weight": float(weight.replace(",", "."))}
        except ValueError as error:
            raise EditError("weight_wrong") from error
        made = proposals.propose(self.bench, actor, "synonyms", before, after, self.tools.check_cards)
        return good(self.ui("proposed", subject=made.subject))

    def drop_word(self, actor: Actor, before: Mapping[str, Any]) -> str:
        """Propose to drop a relation."""
        made = proposals.propose(self.bench, actor, "synonyms", before, {}, self.tools.check_cards)
        return good(self.ui("proposed", subject=made.subject))

    def decide(self, actor: Actor, id: str | None, approve: bool) -> str:
        """Approve or reject a proposal."""
        actor.need("cards.approve" if approve else "cards.propose")
        if not id:
            return bad(self.ui("queue_pick"))
        if approve:
            return good(self.ui("approved", subject=proposals.approve(self.bench, actor, id, self.tools.check_cards).subject))
        return good(self.ui("rejected", subject=proposals.reject(self.bench, actor, id).subject))

    def queue(self) -> str:
        """What waits."""
        return page_html.queue(proposals.waiting(self.bench.home), self.language)


def _current(home: Path) -> int:
    try:
        return releases.current_number(home)
    except ReleaseError:
        return 0


def _taken(path: Path, most_mb: int) -> Upload:
    """The bytes of an uploaded file, which is removed from where it was put."""
    try:
        with path.open("rb") as stream:
            data = stream.read(most_mb * 1_000_000 + 1)
    finally:
        path.unlink(missing_ok=True)
    return Upload(path.name, data)


def _where(error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"


def open_bench(home: Path, settings: Any) -> Bench:
    """The bench of the settings (vraagbaak.settings.Settings)."""

    def build(folder: Path, **more: Any) -> Any:
        return cli.build(folder, home, settings, **more)

    return Bench(home, build, settings.corpus.path, settings.serve.upload_mb)
