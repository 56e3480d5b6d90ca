"""The journal: feedback that a confidant chose to send, masked before it is written, and forgotten after a number of days.

    home/journal.sqlite    mode 0600; no name, account, address or time of day, and no trace of the order in which it came in

A question that nobody sent is never here. What is deleted is overwritten and the file is written anew, so that its bytes are
gone from the data directory; what a disk keeps in blocks it no longer uses is a matter of disk encryption.

The journal refuses to store anything while the masker is not ready.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from assistant.model import AnswerStatus, Masked
from corpus.errors import UsageError, VraagbaakError
from corpus.private import create, is_made, make_private, reading, rewrite, writing

Verdict = Literal["klopt", "klopt_niet", "niet_gevonden", "te_vaag"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

RETENTION_DAYS = 90  # long enough for a quarterly review of what was not answered
QUESTION_MOST, NOTE_MOST = 2000, 1000  # characters, after masking
MINIMUM_GROUP = 5

_PASSAGE = re.compile(r"p[0-9a-f]{4,64}")  # corpus.model.passage_id
_KEY = re.compile(r"B[0-9]{1,3}")

# No rowid and a random id: the file does not tell who was first.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS feedback (
    id TEXT PRIMARY KEY, day TEXT NOT NULL, verdict TEXT NOT NULL, question TEXT NOT NULL, note TEXT NOT NULL,
    status TEXT NOT NULL, release INTEGER NOT NULL, passages TEXT NOT NULL, shown TEXT NOT NULL, topic TEXT NOT NULL
) WITHOUT ROWID;
"""
_COLUMNS = "id, day, verdict, question, note, status, release, passages, shown, topic"


class MaskerNotReady(VraagbaakError):
    """Personal data cannot be masked yet, so nothing is stored."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a confidant says about an answer. id and day are given by the journal.

    passages: ids of the cited passages.  shown: the keys of the citations, "B1".  topic: a title or heading of the knowledge
    base, never words of the question.  day: "2026-03-01", no time.
    """

    verdict: Verdict
    question: str = ""
    note: str = ""
    status: AnswerStatus = "answered"
    release: int = 0
    passages: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    topic: str = ""
    day: str = ""
    id: str = ""

    def as_json(self) -> str:
        """One line of JSON; `from_json` gives the same feedback back."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @staticmethod
    def from_json(line: str) -> Feedback:
        """The feedback in one line of `export`."""
        said = json.loads(line)
        return Feedback(**{**said, "passages": tuple(said["passages"]), "shown": tuple(said["shown"])})


@dataclass(frozen=True, slots=True)
class TopicCount:
    """How often an answer about this topic was called wrong, vague or missing."""

    topic: str
    count: int


def _no_masker(text: str) -> Masked:
    raise MaskerNotReady("no masker was given", hint="open the journal with the masker of assistant.personal_data")


def _local_day() -> date:
    return datetime.now().astimezone().date()


class Journal:
    """The journal of one data directory; every thread and process may use its own.

    mask: replaces personal data in a text.  ready: False as long as `mask` does not know names yet.  today: for the retention.
    Rows older than retention_days are deleted on opening and on the first use of every day.
    """

    def __init__(
        self,
        home: Path,
        *,
        retention_days: int = RETENTION_DAYS,
        mask: Callable[[str], Masked] = _no_masker,
        ready: Callable[[], bool] = lambda: True,
        today: Callable[[], date] = _local_day,
    ) -> None:
        if retention_days < 1:
            raise UsageError(f"journal.retention_days is {retention_days}", hint="choose at least 1 day")
        self._path, self._retention_days = home / "journal.sqlite", retention_days
        self._mask, self._ready, self._today = mask, ready, today
        self._tidied: date | None = None
        self.tidy()

    # writing

    def masked(self, feedback: Feedback) -> Feedback:
        """Exactly what `add` would store, for the person who is about to send it. Raises MaskerNotReady."""
        _check(feedback)
        if not self._ready():
            raise MaskerNotReady("the masker is not ready", hint="nothing was stored; try again in a minute")
        question, note = (self._mask(_plain(text)).text for text in (feedback.question, feedback.note))
        return replace(feedback, question=question[:QUESTION_MOST], note=note[:NOTE_MOST], id="", day="")

    def add(self, feedback: Feedback) -> Feedback:
        """Mask and store; what is stored comes back. Raises MaskerNotReady, ValueError for a field that cannot be right."""
        stored = replace(self.masked(feedback), id=secrets.token_hex(8), day=self._today().isoformat())
        self.tidy_if_new_day()
        create(self._path, _SCHEMA)
        with writing(self._path) as db:
            db.execute(f"INSERT INTO feedback ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)", _values(stored))
        return stored

    def forget(self, *, id: str | None = None, before: date | None = None, everything: bool = False) -> int:
        """Delete one row, all rows of days before `before`, or everything, bytes included; returns how many rows.

        Raises ValueError unless exactly one of the three is given.
        """
        if (id is not None) + (before is not None) + everything != 1:
            raise ValueError("forget one id, what is before a day, or everything: exactly one of them")
        if everything:
            return self._delete("1", ())
        if id is not None:
            return self._delete("id = ?", (id,))
        return self._delete("day < ?", (before.isoformat() if before else "",))

    def tidy(self) -> int:
        """Delete what is older than the retention; returns how many rows."""
        today = self._today()
        if is_made(self._path, "feedback"):
            make_private(self._path)
            with writing(self._path) as db:  # a day that is still to come would never grow old: the clock was set back
                db.execute("UPDATE feedback SET day = ? WHERE day > ?", (today.isoformat(), today.isoformat()))
        forgotten = self.forget(before=today - timedelta(days=self._retention_days))
        self._tidied = today
        return forgotten

    def tidy_if_new_day(self) -> None:
        """Tidy at the first use of a day."""
        if self._tidied != self._today():
            self.tidy()

    def tidy_daily(self, stop: threading.Event, *, look_every_s: float = 600.0) -> None:
        """Keep tidying until `stop` is set; for a thread of its own, so that a page nobody uses forgets too."""
        while not stop.wait(look_every_s):
            self.tidy_if_new_day()

    def _delete(self, where: str, values: tuple[str, ...]) -> int:
        if not is_made(self._path, "feedback"):
            return 0
        with writing(self._path) as db:
            count = int(db.execute(f"DELETE FROM feedback WHERE {where}", values).rowcount)
        if count:
            rewrite(self._path)
        return count

    # reading

    def list(self) -> tuple[Feedback, ...]:
        """All feedback by day, then by its random id."""
        self.tidy_if_new_day()
        if not is_made(self._path, "feedback"):
            return ()
        with reading(self._path) as db:
            rows = db.execute(f"SELECT {_COLUMNS} FROM feedback ORDER BY day, id").fetchall()
        return tuple(_feedback(row) for row in rows)

    def export(self) -> Iterator[str]:
        """One line of JSON per feedback, without the line ends."""
        return (feedback.as_json() for feedback in self.list())

    def topic_counts(self, minimum: int = MINIMUM_GROUP) -> tuple[TopicCount, ...]:
        """Topics whose answers were called wrong, vague or missing at least `minimum` times, most often first.

        Smaller groups are left out altogether: no rest is given from which they could be worked out.
        Raises ValueError when minimum < 2, because a group of one is a person.
        """
        if minimum < 2:
            raise ValueError(f"a group of {minimum} is a person; the minimum is at least 2")
        self.tidy_if_new_day()
        if not is_made(self._path, "feedback"):
            return ()
        with reading(self._path) as db:
            rows = db.execute(
                "SELECT topic, count(*) AS n FROM feedback WHERE verdict != 'klopt' AND topic != ''"
                " GROUP BY topic HAVING n >= ? ORDER BY n DESC, topic",
                (minimum,),
            ).fetchall()
        return tuple(TopicCount(topic, n) for topic, n in rows)


def _check(feedback: Feedback) -> None:
    """Fields that are not masked may not hold free text: a question could hide in them. Raises ValueError."""
    wrong = (
        (feedback.verdict not in VERDICTS, "verdict"),
        (feedback.status not in get_args(AnswerStatus), "status"),
        (not 0 <= feedback.release < 10**9, "release"),
        (not all(_PASSAGE.fullmatch(id) for id in feedback.passages), "passages"),
        (not all(_KEY.fullmatch(key) for key in feedback.shown), "shown"),
        (len(feedback.topic) > 200 or "\n" in feedback.topic, "topic"),
    )
    names = [name for is_wrong, name in wrong if is_wrong]
    if names:
        raise ValueError(f"feedback cannot be stored: {', '.join(names)} not as expected")


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair cannot be stored


def _values(f: Feedback) -> tuple[str | int, ...]:
    lists = json.dumps(f.passages), json.dumps(f.shown)
    return f.id, f.day, f.verdict, f.question, f.note, f.status, f.release, *lists, _plain(f.topic)


def _feedback(row: tuple[Any, ...]) -> Feedback:
    id, day, verdict, question, note, status, release, passages, shown, topic = row
    lists = tuple(json.loads(passages)), tuple(json.loads(shown))
    return Feedback(verdict, question, note, status, release, *lists, topic, day, id)
