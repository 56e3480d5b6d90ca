"""Parsing at arm's length: a few child processes read the files, each file with a time and memory bound.

The parent writes one job per line (JSON) to a child's standard input; the child answers on a private pipe with a frame: one
byte of kind, two lengths, two UTF-8 texts. Answers are plain data, never pickles, so a child that was taken over by a hostile
file can at worst give a wrong text for that file. A child that crashes or takes too long is replaced; its file becomes a row.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from corpus.errors import SourceUnreadable
from corpus.model import Block, Document, Rect
from ingest import wording
from ingest.limits import DEFAULT, ParseLimits, Reading

__all__ = ["Job", "ParseLimits", "parse_all"]

WORKERS = 4  # at most; more would only wait for the disk
_AHEAD = 64  # results that may wait for the consumer
_FRAME = struct.Struct(">cII")
_DOCUMENT, _PROBLEM, _LAST = b"d", b"p", b"x"  # _LAST: a problem after which the child wants to be replaced


class Job(NamedTuple):
    """One file to read. sha256: what the file held when the work was planned."""

    key: str  # Source.key
    path: str
    sha256: str


def parse_all(
    jobs: Sequence[Job], limits: ParseLimits = DEFAULT.limits, *, ocr: bool = False
) -> Iterator[tuple[Job, Document | SourceUnreadable]]:
    """Parse files in child processes; results come in the order of the jobs, also when some fail."""
    if not jobs:
        return
    pool = _Pool(jobs, Reading(limits, ocr))
    try:
        yield from pool.results()
    finally:
        pool.stop()


class _Pool:
    """Threads that each talk to one child; the work is handed out in order and collected in order."""

    def __init__(self, jobs: Sequence[Job], reading: Reading) -> None:
        self._jobs = jobs
        self._reading = reading
        self._done: dict[int, Document | SourceUnreadable] = {}
        self._next = 0
        self._taken = 0  # by the consumer
        self._stopping = False
        self._changed = threading.Condition()
        count = min(len(jobs), os.cpu_count() or 1, WORKERS)
        self._children = [_Child(reading) for _ in range(count)]
        self._threads = [threading.Thread(target=self._serve, args=(child,), daemon=True) for child in self._children]
        for thread in self._threads:
            thread.start()

    def results(self) -> Iterator[tuple[Job, Document | SourceUnreadable]]:
        for number, job in enumerate(self._jobs):
            with self._changed:
                self._changed.wait_for(lambda number=number: number in self._done)  # type: ignore[misc]
                result = self._done.pop(number)
                self._taken = number + 1
                self._changed.notify_all()
            yield job, result

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for child in self._children:
            child.kill()
        for thread in self._threads:
            thread.join(timeout=5)

    def _serve(self, child: _Child) -> None:
        try:
            while (number := self._take()) is not None:
                result = child.parse(self._jobs[number])
                with self._changed:
                    self._done[number] = result
                    self._changed.notify_all()
        finally:
            child.close()

    def _take(self) -> int | None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._next - self._taken < _AHEAD)
            if self._stopping or self._next >= len(self._jobs):
                return None
            self._next += 1
            return self._next - 1


class _Child:
    """A child process that parses one file at a time; started when there is work, replaced when it dies."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._lock = threading.Lock()

    def parse(self, job: Job) -> Document | SourceUnreadable:
        process = self._started()
        if process is None:
            return wording.reader_crashed()
        late = threading.Event()

        def give_up() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(self._reading.limits.seconds, give_up)
        timer.start()
        try:
            kind, first, second = _exchange(process, job)
        except (OSError, EOFError, ValueError):  # ValueError: text that is no UTF-8, or a frame that makes no sense
            self._let_go()
            return wording.took_too_long(self._reading.limits.seconds) if late.is_set() else wording.reader_crashed()
        finally:
            timer.cancel()
        if kind == _DOCUMENT:
            try:
                return _unpack(job.key, first, second)
            except (ValueError, TypeError):
                return wording.reader_crashed()  # a child that was taken over
        if kind == _LAST:
            self._let_go()
        return SourceUnreadable(first, hint=second)

    def kill(self) -> None:
        """End the child for good; safe to call from another thread. The thread that talks to it then cleans up."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """End the child and let go of its pipes."""
        self.kill()
        self._let_go()

    def _started(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._process is None and not self._closed:
                self._process = _start(self._reading)
            return self._process

    def _let_go(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    _close_quietly(stream)


def _close_quietly(stream: IO[bytes]) -> None:
    with suppress(OSError):  # the other end died with unread bytes in the pipe
        stream.close()


def _start(reading: Reading) -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parent.parent)
    inherited = os.environ.get("PYTHONPATH", "")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in (root, inherited) if p), "OMP_NUM_THREADS": "1"}
    limits = reading.limits
    order = [limits.seconds, limits.memory_mb, limits.file_mb, limits.unpacked_mb, reading.ocr]
    return subprocess.Popen(
        [sys.executable, "-m", "ingest.sandbox", json.dumps(order)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )


def _exchange(process: subprocess.Popen[bytes], job: Job) -> tuple[bytes, str, str]:
    """Send a job and wait for its answer; EOFError or OSError when the child is gone."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(job).encode() + b"\n")
    process.stdin.flush()
    kind, first, second = _FRAME.unpack(_exactly(process.stdout, _FRAME.size))
    return kind, _exactly(process.stdout, first).decode(), _exactly(process.stdout, second).decode()


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise EOFError
    return data


# --- documents as plain data ----------------------------------------------------------------------------------------------


def _pack(document: Document) -> str:
    blocks = [
        (b.kind, b.start, b.end, b.heading, b.level, b.pages, [_numbers(r) for r in b.rects], b.cells, b.header)
        for b in document.blocks
    ]
    return json.dumps([blocks, document.warnings, document.page_labels, document.title], ensure_ascii=False)


def _numbers(rect: Rect) -> tuple[int, float, float, float, float]:
    return rect.page, round(rect.left, 1), round(rect.top, 1), round(rect.right, 1), round(rect.bottom, 1)


def _unpack(key: str, text: str, rest: str) -> Document:
    blocks, warnings, labels, title = json.loads(rest)
    return Document(key, text, tuple(_block(*row) for row in blocks), tuple(warnings), tuple(labels), title)


def _block(kind: Any, start: int, end: int, heading: Any, level: int, pages: Any, rects: Any, cells: Any, header: Any) -> Block:
    return Block(
        kind, start, end, tuple(heading), level, tuple(pages), tuple(Rect(*r) for r in rects), tuple(cells), tuple(header)
    )


# --- in the child ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Worker:
    """The child's side of the conversation."""

    reading: Reading
    out: IO[bytes]

    def run(self, lines: IO[bytes]) -> None:
        from ingest.parse import failure

        for line in lines:
            key, path, sha256 = json.loads(line)
            try:
                self._answer(_DOCUMENT, *self._parsed(key, path, sha256))
            except BaseException as error:
                problem = failure(error, self.reading)
                if isinstance(error, MemoryError | RecursionError):
                    self._answer(_LAST, str(problem), problem.hint)
                    return
                self._answer(_PROBLEM, str(problem), problem.hint)

    def _parsed(self, key: str, path: str, sha256: str) -> tuple[str, str]:
        from ingest.parse import parse

        document = parse(Path(path), key, self.reading, sha256)
        return document.text, _pack(document)

    def _answer(self, kind: bytes, first: str, second: str) -> None:
        one, two = first.encode(), second.encode()
        self.out.write(_FRAME.pack(kind, len(one), len(two)) + one + two)
        self.out.flush()


def _bound_memory(megabytes: int) -> None:
    """Let the address space grow by at most this much from here on. Where the system cannot bound it, only time is bound."""
    try:
        import resource
    except ImportError:
        return  # Windows
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        used = pages * resource.getpagesize()
    except OSError:
        used = 512_000_000  # macOS counts shared libraries in; a generous start
    limit = used + megabytes * 1_000_000
    for which, value in ((resource.RLIMIT_AS, limit), (resource.RLIMIT_CORE, 0)):
        with suppress(OSError, ValueError):  # not every system lets a process lower this one
            resource.setrlimit(which, (value, value))


def _private_output() -> IO[bytes]:
    """A stream on the real standard output; whatever a library prints goes nowhere."""
    out = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return out


def main() -> None:
    """Run as `python -m ingest.sandbox LIMITS`: serve jobs from standard input until it closes."""
    seconds, memory_mb, file_mb, unpacked_mb, ocr = json.loads(sys.argv[1])
    out = _private_output()
    _bound_memory(memory_mb)
    _Worker(Reading(ParseLimits(seconds, memory_mb, file_mb, unpacked_mb), ocr), out).run(sys.stdin.buffer)


if __name__ == "__main__":
    main()
