"""Answers written by a language model on an OpenAI-compatible server, or by any LlamaIndex LLM.  (adapter)

The server is Ollama, llama.cpp, LM Studio or the like, on this machine unless a setting says otherwise. It is trusted
with nothing: not with time (a deadline for the whole answer, kept by a thread of its own), not with size, not with the truth (what it
writes is a Draft; `assistant.verify` decides). Whatever goes wrong is one ModelUnavailable, and the caller shows the extractive
answer. An own small client, because the usual ones retry, follow proxies and redirects, fall back to a remote service without
being asked, and take a connection that was cut for the end of an answer.
"""

from __future__ import annotations

import ipaddress
import json
import os
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from assistant.model import Draft, DraftSentence, Evidence, Language, Notice
from assistant.prompt import Message, Prompt, Reader, prompt_for
from assistant.retrieve import Shelf
from assistant.wording import say
from corpus.errors import ModelUnavailable, UsageError

if TYPE_CHECKING:
    import httpx

    from assistant.generate import Generator as Drafter
    from assistant.wiring import LanguageModelSettings

KEY = "VRAAGBAAK_LANGUAGE_MODEL_KEY"  # environment variable; a key does not belong in a settings file
MAX_TOKENS = 500
MAX_CHARACTERS = 20_000  # of a reply; five sentences take 600
MAX_BYTES = 4_000_000  # as sent: each token comes in about 200 bytes of JSON
MAX_LINE = 500_000
CONNECT_S = 3.0

Write = Callable[[Sequence[Message]], Iterator[str]]
"""Sends messages and gives the text of the reply in pieces; may raise anything."""


class WrittenGenerator:
    """Drafts from whatever writes text. See `LanguageModelGenerator` and `LlamaIndexGenerator` for the two writers."""

    def __init__(self, write: Write, seconds: float, name: str, fallback: Drafter | None = None, remote: str = "") -> None:
        """seconds: for a whole answer.  fallback: its choice of passages is shown first.  remote: host outside this machine."""
        self.name, self.remote = name, remote
        self._write, self._seconds, self._fallback = write, seconds, fallback

    def draft(self, evidence: Evidence, shelf: Shelf) -> Draft:
        """See Generator. Raises ModelUnavailable when the reply is late, cut off, or mostly without sources."""
        prompt = self._prompt(evidence, shelf)
        reader = Reader(prompt.units)
        found = tuple(self._read(prompt, reader))
        if not found or reader.dropped > len(found):
            raise ModelUnavailable(f"{len(found)} sentences with a source, {reader.dropped} without", hint="try another model")
        return Draft(found, notices=self.notices(evidence.question.language))

    def stream(self, evidence: Evidence, shelf: Shelf) -> Iterator[DraftSentence]:
        """The same sentences one by one, as soon as each is whole: for a caller that verifies and shows them one by one."""
        prompt = self._prompt(evidence, shelf)
        return self._read(prompt, Reader(prompt.units))

    def notices(self, language: Language = "nl") -> tuple[Notice, ...]:
        """What a reader must know about where the answer was written."""
        return (Notice("model_remote", say("model_remote", language, host=self.remote)),) if self.remote else ()

    def _prompt(self, evidence: Evidence, shelf: Shelf) -> Prompt:
        chosen = self._fallback.draft(evidence, shelf).sentences if self._fallback else ()
        return prompt_for(evidence, shelf, tuple(dict.fromkeys(u.passage for s in chosen for u in s.units)))

    def _read(self, prompt: Prompt, reader: Reader) -> Iterator[DraftSentence]:
        pieces = in_time(lambda: self._write(prompt.messages), self._seconds)
        try:
            yield from reader.read(bounded(pieces))
        finally:
            pieces.close()  # lets its thread go, also when reading stops early


class LanguageModelGenerator(WrittenGenerator):
    """Written by the model on the server that the settings name."""

    def __init__(self, settings: LanguageModelSettings, fallback: Drafter) -> None:
        """Raises UsageError for an address outside this machine that was not chosen on purpose."""
        server = ChatServer.at(settings.url, settings.model, settings.seconds, allow_remote=settings.allow_remote)
        super().__init__(server.write, settings.seconds, settings.model or "language model", fallback, server.remote)


class LlamaIndexGenerator(WrittenGenerator):
    """Written by any LlamaIndex LLM object. Nothing of LlamaIndex's own Settings is read or set."""

    def __init__(self, llm: Any, seconds: float = 20.0, fallback: Drafter | None = None, *, remote: str = "") -> None:
        """llm: llama_index.core.llms.LLM.  remote: the host it talks to, when that is not this machine; readers are told."""
        super().__init__(_chatting(llm), seconds, str(llm.metadata.model_name), fallback, remote)


def _chatting(llm: Any) -> Write:
    def write(messages: Sequence[Message]) -> Iterator[str]:
        from llama_index.core.llms import ChatMessage

        for reply in llm.stream_chat([ChatMessage(role=m.role, content=m.content) for m in messages]):
            yield reply.delta or ""

    return write


# --- the server -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChatServer:
    """An OpenAI-compatible server. remote: its host when that is not this machine."""

    url: str  # up to and including /v1
    model: str
    seconds: float
    remote: str = ""

    @classmethod
    def at(cls, url: str, model: str, seconds: float, *, allow_remote: bool = False) -> ChatServer:
        """Check an address. Raises UsageError."""
        try:
            parts = urlsplit(url.strip())
            host = parts.hostname or ""
            parts.port  # noqa: B018 - raises ValueError when it is no number
        except ValueError as error:
            raise _no_address(url) from error
        if parts.scheme not in ("http", "https") or not host or parts.username or parts.query or parts.fragment:
            raise _no_address(url)
        remote = "" if is_loopback(host) else host
        if remote and not allow_remote:
            raise UsageError(
                f"[language_model] url: {host} is not this machine, and questions would be sent to it",
                hint="use a server on this machine, or set allow_remote = true on purpose",
            )
        return cls(f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or '/v1'}", model, seconds, remote)

    def write(self, messages: Sequence[Message]) -> Iterator[str]:
        """The reply in pieces. Raises ModelUnavailable."""
        import httpx

        body = {
            "model": self.model or "default",
            "messages": [{"role": m.role, "content": m.content} for m in messages],
            "stream": True,
            "temperature": 0,
            "max_tokens": MAX_TOKENS,
        }
        try:
            with self._client() as client, client.stream("POST", f"{self.url}/chat/completions", json=body) as response:
                _expect_ok(response)
                yield from _reply(response)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise ModelUnavailable(f"the language model server: {type(error).__name__}", hint=_HINT) from error

    def models(self) -> tuple[str, ...]:
        """The names of the models that the server offers. Raises ModelUnavailable."""
        import httpx

        try:
            with self._client() as client, client.stream("GET", f"{self.url}/models") as response:
                _expect_ok(response)
                listed = json.loads(b"".join(_bytes(response)))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise ModelUnavailable(f"the language model server: {type(error).__name__}", hint=_HINT) from error
        rows = listed.get("data") if isinstance(listed, dict) else None
        return tuple(str(row.get("id", "")) for row in rows or () if isinstance(row, dict))

    def _client(self) -> httpx.Client:
        import httpx

        headers = {"Accept-Encoding": "identity"}
        if key := os.environ.get(KEY):
            headers["Authorization"] = f"Bearer {key}"
        # trust_env: a proxy setting must not carry a local question elsewhere; redirects are not followed for the same reason
        timeout = httpx.Timeout(self.seconds, connect=min(CONNECT_S, self.seconds))
        return httpx.Client(trust_env=False, follow_redirects=False, timeout=timeout, headers=headers)


_HINT = "start the server, or take [language_model] out of settings.toml; answers are extracted meanwhile"


def is_loopback(host: str) -> bool:
    """Is this host the machine itself?"""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _no_address(url: str) -> UsageError:
    return UsageError(f"[language_model] url: {url!r} is no address of a server", hint="for instance http://127.0.0.1:11434/v1")


def _expect_ok(response: httpx.Response) -> None:
    if response.status_code != 200:
        raise ModelUnavailable(f"the language model server answers {response.status_code}", hint=_HINT)
    if response.headers.get("content-encoding", "identity") != "identity":
        raise ModelUnavailable("the language model server packs its answer unasked", hint=_HINT)


def _reply(response: httpx.Response) -> Iterator[str]:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        yield from _events(_lines(response))
    elif kind == "application/json":  # a server that cannot stream
        yield _content(_parsed(b"".join(_bytes(response))), "message")
    else:
        raise ModelUnavailable(f"the language model server sends '{kind}'", hint=_HINT)


def _bytes(response: httpx.Response) -> Iterator[bytes]:
    total = 0
    for piece in response.iter_raw():
        total += len(piece)
        if total > MAX_BYTES:
            raise ModelUnavailable("the language model server never stops sending", hint=_HINT)
        yield piece


def _lines(response: httpx.Response) -> Iterator[bytes]:
    rest = b""
    for piece in _bytes(response):
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > MAX_LINE:
            raise ModelUnavailable("the language model server sends a line without end", hint=_HINT)
    yield rest


def _events(lines: Iterable[bytes]) -> Iterator[str]:
    """The text of server-sent events; a stream that ends without saying that it is done was cut off."""
    done = False
    for line in lines:
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        if data == b"[DONE]":
            return
        event = _parsed(data)
        if event.get("choices") == []:  # a last event that tells how many tokens were used
            continue
        yield _content(event, "delta")
        done = done or bool(event["choices"][0].get("finish_reason"))
    if not done:
        raise ModelUnavailable("the answer of the language model was cut off", hint=_HINT)


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        event = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise ModelUnavailable("the language model server sends something that is no JSON", hint=_HINT) from error
    if not isinstance(event, dict) or "error" in event:
        raise ModelUnavailable("the language model server reports an error", hint=_HINT)
    return event


def _content(event: dict[str, Any], part: str) -> str:
    try:
        content = event["choices"][0][part].get("content")
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ModelUnavailable("the language model server sends an answer of another shape", hint=_HINT) from error
    if content is not None and not isinstance(content, str):
        raise ModelUnavailable("the language model server sends an answer of another shape", hint=_HINT)
    return content or ""


# --- limits ---------------------------------------------------------------------------------------------------------------


def bounded(pieces: Iterable[str]) -> Iterator[str]:
    """The same pieces; ModelUnavailable when together they are longer than any answer."""
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > MAX_CHARACTERS:
            raise ModelUnavailable("the language model does not stop writing", hint="try another model")
        yield piece


_END = object()


def in_time(write: Callable[[], Iterator[str]], seconds: float) -> Generator[str, None, None]:
    """What `write` gives, read in a thread; ModelUnavailable once `seconds` are over, whatever the thread is waiting for.

    A socket's own timeout starts again with every byte, so a server that drips could hold a question for ever.
    """
    deadline = time.monotonic() + seconds
    line: queue.Queue[Any] = queue.Queue(maxsize=256)
    left = threading.Event()
    threading.Thread(target=_pour, args=(write, line, left), daemon=True, name="language-model").start()
    try:
        while True:
            try:
                piece = line.get(timeout=max(deadline - time.monotonic(), 0.001))
            except queue.Empty:
                raise ModelUnavailable(f"the language model took longer than {seconds:g} seconds", hint=_HINT) from None
            if piece is _END:
                return
            if isinstance(piece, Exception):
                raise _as_unavailable(piece) from piece
            yield piece
            if time.monotonic() > deadline:
                raise ModelUnavailable(f"the language model took longer than {seconds:g} seconds", hint=_HINT)
    finally:
        left.set()


def _pour(write: Callable[[], Iterator[str]], line: queue.Queue[Any], left: threading.Event) -> None:
    try:
        for piece in write():
            if not _put(line, piece, left):
                return
        _put(line, _END, left)
    except Exception as error:  # carried over to the thread that waits
        _put(line, error, left)


def _put(line: queue.Queue[Any], item: Any, left: threading.Event) -> bool:
    """Hand over an item; False when nobody waits for it any more."""
    while not left.is_set():
        try:
            line.put(item, timeout=0.2)
        except queue.Full:
            continue
        return True
    return False


def _as_unavailable(error: Exception) -> ModelUnavailable:
    if isinstance(error, ModelUnavailable):
        return ModelUnavailable(str(error), hint=error.hint)
    return ModelUnavailable(f"the language model failed: {type(error).__name__}", hint="try another model or server")
