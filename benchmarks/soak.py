"""A day's work in an hour: users ask through the page's own interface while releases are published under them.

    python -m benchmarks.soak [--minutes 60] [--users 20] [--every 300]

`vraagbaak serve` and each `vraagbaak ingest` are processes of their own, as in an office. Every release changes one number of one text,
so that an answer tells which release it came from. Counted: requests that fail, answers to another user's question, answers with
the old number later than GRACE_S after the new release was published, and the memory of the server.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.common import Report, percentile
from benchmarks.web import QUESTIONS, asked, handler_of
from tests.browser.world import TEXTS

GRACE_S = 5.0  # the app looks at the pointer every second
MARKED = "Welke code heeft de sleutelkast in de gang?"
_CODE = re.compile(r"kast in de gang heeft code (\d{4})")
_SOURCE = '\n[[source]]\ncode = "Z01"\ntitle = "De sleutelkast"\nversion = "1.0"\nstatus = "geldig"\npath = "Z01_sleutelkast.md"\n'


@dataclass(slots=True)
class Tally:
    """What was seen. published: moment and code of each release. memory: moment and MB of the server."""

    begun: float
    milliseconds: list[float] = field(default_factory=list)
    marked: int = 0
    errors: list[str] = field(default_factory=list)
    mixed_up: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    published: list[tuple[float, int]] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)

    def code_at(self, moment: float) -> int:
        """The code of the newest release that was published before a moment."""
        return max(code for at, code in self.published if at <= moment)

    def growth(self) -> float:
        """Memory at the end against memory after the first releases: medians of a sixth of the time each, 0.1 = 10 % more."""
        last = self.memory[-1][0] - self.begun
        early = [mb for at, mb in self.memory if last / 6 <= at - self.begun < last / 3]
        late = [mb for at, mb in self.memory if at - self.begun >= last * 5 / 6]
        return statistics.median(late) / statistics.median(early) - 1


def soak(base: Path, texts: Path, seconds: float, users: int, every: float, pause: tuple[float, float] = (2.0, 8.0)) -> Tally:
    """Run it in an empty folder `base`. every: seconds between releases.  pause: least and most seconds between a user's questions."""
    home, folder = base / "home", base / "texts"
    shutil.copytree(texts, folder)
    with (folder / "catalogue.toml").open("a", encoding="utf-8") as catalogue:
        catalogue.write(_SOURCE)
    tally = Tally(time.monotonic())
    _publish(home, folder, 1001, tally)
    with _served(home) as (address, pid):
        handler = handler_of(address)
        over = threading.Event()
        work = [threading.Thread(target=_user, args=(address, handler, n, pause, over, tally)) for n in range(users)]
        work.append(threading.Thread(target=_publisher, args=(home, folder, every, over, tally)))
        tally.begun = time.monotonic()
        for thread in work:
            thread.start()
        while time.monotonic() < tally.begun + seconds:
            tally.memory.append((time.monotonic(), _resident_mb(pid)))
            over.wait(min(5.0, seconds / 20))
        over.set()
        for thread in work:
            thread.join(120)
    return tally


def _publish(home: Path, folder: Path, code: int, tally: Tally) -> None:
    text = f"# De sleutelkast\n\n## Code van de sleutelkast in de gang\n\nDe sleutelkast in de gang heeft code {code}.\n"
    (folder / "Z01_sleutelkast.md").write_text(text, "utf-8")
    command = [sys.executable, "-m", "vraagbaak.cli", "--home", str(home), "ingest", "--corpus", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        tally.errors.append(f"ingest: {done.stderr[-500:]}")
    tally.published.append((time.monotonic(), code))


def _publisher(home: Path, folder: Path, every: float, over: threading.Event, tally: Tally) -> None:
    code = 1001
    while not over.wait(every):
        code += 1
        _publish(home, folder, code, tally)


@contextmanager
def _served(home: Path) -> Iterator[tuple[str, int]]:
    command = [sys.executable, "-m", "vraagbaak.cli", "--home", str(home), "serve", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        yield next(line for line in server.stdout if "http" in line).split()[-1], server.pid
    finally:
        server.terminate()
        server.wait(30)


def _user(address: str, handler: int, number: int, pause: tuple[float, float], over: threading.Event, tally: Tally) -> None:
    import httpx

    chance = random.Random(number)
    turn = 0
    with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
        while not over.wait(chance.uniform(*pause)):
            turn += 1
            marked = turn % 4 == 1
            question = MARKED if marked else f"{chance.choice(QUESTIONS)} ({number}.{turn})"
            begun = time.monotonic()
            try:
                session = f"soak{number}m{turn}" if marked else f"soak{number}c{turn // 10}"  # a code must not come from an earlier turn
                html = asked(client, handler, session, question)
            except Exception as error:  # counted, whatever it is
                tally.errors.append(f"{question}: {error!r}")
                continue
            tally.milliseconds.append(1000 * (time.monotonic() - begun))
            _judge(question, html, begun, marked, tally)


def _judge(question: str, html: str, begun: float, marked: bool, tally: Tally) -> None:
    if question not in html:
        (tally.mixed_up if "vb-turn" in html else tally.errors).append(f"{question}: {html[:200]}")
    elif marked:
        tally.marked += 1
        codes = [int(code) for code in _CODE.findall(html)]
        if not codes:
            tally.errors.append(f"no code: {re.sub('<[^>]+>', ' ', html)[:300]}")
        elif max(codes) < tally.code_at(begun - GRACE_S):
            tally.stale.append(f"{max(codes)} at {begun - tally.begun:.0f} s")


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--every", type=float, default=300, help="seconds between two releases")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as base:
        seen = soak(Path(base), TEXTS, 60 * chosen.minutes, chosen.users, chosen.every)
    report = Report("soak", f"python -m benchmarks.soak --minutes {chosen.minutes:g} --users {chosen.users} --every {chosen.every:g}")
    report.add("questions answered", len(seen.milliseconds), "", note=f"{chosen.users} users, {chosen.minutes:g} minutes")
    report.add("releases published meanwhile", len(seen.published) - 1, "")
    report.add("errors", len(seen.errors), "", "0", note="; ".join(seen.errors[:3]))
    report.add("answers to another user's question", len(seen.mixed_up), "", "0")
    report.add(f"answers from an old release, {GRACE_S:g} s after a new one", len(seen.stale), "", "0", note=f"of {seen.marked} that could tell; {'; '.join(seen.stale[:3])}")
    report.add("memory growth", 100 * seen.growth(), "%", "< 10 %", note=f"{seen.memory[0][1]:.0f} MB at the start, {seen.memory[-1][1]:.0f} MB at the end, most {max(mb for _, mb in seen.memory):.0f} MB")
    report.add("question to answer, p95", percentile(seen.milliseconds, 95), "ms", note=f"p50 {percentile(seen.milliseconds, 50):.0f} ms")
    report.finish()


if __name__ == "__main__":
    main()
