"""Which embeddings are worth trying, and the change from one to another: build, measure, show, and only then switch."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from corpus.errors import EmbeddingMissing, ReleaseError, UsageError

if TYPE_CHECKING:
    from evals.compare import Comparison
    from evals.run import Run
    from vraagbaak.settings import Settings

REACH_S = 5.0  # for a connection to the hub
Kind = Literal["embedding", "reranker"]


@dataclass(frozen=True, slots=True)
class Model:
    """A model that was looked at for Dutch. megabytes: of the files to fetch, about; 0 for what is here already."""

    name: str
    licence: str
    megabytes: int
    note: str
    query_prefix: str = ""
    passage_prefix: str = ""
    kind: Kind = "embedding"


# Figures of quality and licences: docs/embeddings.md. The order is: the small and safe ones first.
MODELS = (
    Model("bundled", "CC-BY-SA-4.0", 0, "comes with Vraagbaak; Dutch; no torch"),
    Model("clips/e5-small-trm-nl", "MIT", 78, "Dutch only, for small machines", "query: ", "passage: "),
    Model("intfloat/multilingual-e5-small", "MIT", 470, "small, with a long track record", "query: ", "passage: "),
    Model("ibm-granite/granite-embedding-97m-multilingual-r2", "Apache-2.0", 390, "small, reads long passages"),
    Model("hotchpotch/bekko-embedding-v1-a25m", "MIT", 470, "small and the best of its size on Dutch sets"),
    Model("google/embeddinggemma-300m", "Gemma terms", 1200, "read its terms first", "task: search result | query: ", "title: none | text: "),
    Model("Snowflake/snowflake-arctic-embed-l-v2.0", "Apache-2.0", 2270, "large; needs patience on a laptop", "query: "),
    Model("BAAI/bge-m3", "MIT", 2270, "large; needs patience on a laptop"),
    Model("cross-encoder/mmarco-mMiniLMv2-L12-H384-v1", "Apache-2.0", 470, "for [search] reranker", kind="reranker"),
    Model("BAAI/bge-reranker-v2-m3", "Apache-2.0", 2270, "for [search] reranker; slow on a laptop", kind="reranker"),
)  # fmt: skip


def known(name: str) -> Model | None:
    """The model of that name in the list."""
    return next((m for m in MODELS if m.name == name), None)


def is_here(name: str) -> bool:
    """Is the model on this machine: bundled, a folder, or fetched before?"""
    if name in ("bundled", "hash"):
        return True
    if Path(name).expanduser().is_dir():
        return True
    cache = os.environ.get("HF_HUB_CACHE") or Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface") / "hub"
    return any((Path(cache) / f"models--{name.replace('/', '--')}" / "snapshots").glob("*/modules.json"))


def with_embedding(
    settings: Settings, name: str, query_prefix: str | None = None, passage_prefix: str | None = None
) -> Settings:
    """The settings with another embedding; prefixes that are not given are those of the list."""
    from vraagbaak.settings import EmbeddingPart

    listed = known(name)
    query = query_prefix if query_prefix is not None else listed.query_prefix if listed else ""
    passage = passage_prefix if passage_prefix is not None else listed.passage_prefix if listed else ""
    return settings.model_copy(update={"embedding": EmbeddingPart(name=name, query_prefix=query, passage_prefix=passage)})


def fetch(settings: Settings) -> Any:
    """The embedding that the settings name, downloaded when it is not here. Raises EmbeddingMissing."""
    from corpus.embedder import open_embedder
    from vraagbaak.offline import seal

    wanted = settings.embedding
    missing = not is_here(wanted.name)
    if missing and Path(wanted.name).is_absolute():
        raise EmbeddingMissing(f"there is no folder {wanted.name}", hint="run: vraagbaak models")
    if missing:
        _expect_hub(wanted.name)
    seal(online=missing)
    try:
        return open_embedder(wanted.name, wanted.query_prefix, wanted.passage_prefix, download=missing)
    finally:
        seal()


def _expect_hub(name: str) -> None:
    """EmbeddingMissing at once when there is no internet: the hub's own client would try for a minute and a half."""
    if any(os.environ.get(proxy) for proxy in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return  # the proxy finds the way, not this machine
    hub = urlsplit(os.environ.get("HF_ENDPOINT") or "https://huggingface.co")
    try:
        socket.create_connection((hub.hostname or "", hub.port or 443), timeout=REACH_S).close()
    except OSError as error:
        raise EmbeddingMissing(
            f"'{name}' is not on this machine, and {hub.hostname} cannot be reached",
            hint="fetch it where there is internet, copy its folder here, and run: vraagbaak models use FOLDER",
        ) from error


@dataclass(frozen=True, slots=True)
class Trial:
    """A draft release with another embedding, and what measuring said. comparison: None when it could not be measured."""

    number: int
    base: int
    comparison: Comparison | None
    why_not: str = ""


def measured(
    home: Path, before: Settings, after: Settings, number: int, base: int, tell: Callable[[str], None] = lambda line: None
) -> Trial:
    """Run the evals on the release that answers and on the draft."""
    try:
        from evals.compare import compare
        from evals.run import measure
    except ImportError as error:
        return Trial(number, base, None, f"the evals are not installed ({error})")
    from assistant.cli import assistant_settings
    from evals.world import opened

    def run(settings: Settings, release: int) -> Run:
        tell(f"asking release {release} the evaluation questions ...")
        with opened(home, assistant_settings(settings, one_shot=True), release) as world:
            return measure(world)

    first = run(before, base)
    lost = len(first.summary["lost_anchors"])
    if 2 * lost > int(first.summary["items"]):
        return Trial(
            number,
            base,
            None,
            f"the evaluation items are about other texts: {lost} of {first.summary['items']} quotes are not here",
        )
    return Trial(number, base, compare(first, run(after, number)))


def switch(home: Path, settings: Settings, trial: Trial) -> None:
    """Let the draft answer and write the settings. ReleaseError when another release answers by now."""
    from corpus import release as releases
    from vraagbaak.audit import Audit

    audit = Audit(home)
    audit.ready()
    with releases.writer(home):
        if releases.current_number(home) != trial.base:
            raise ReleaseError("another release was published meanwhile", hint="run the command again")
        releases.open_release(home, trial.number).close()  # whole, byte for byte, or not at all
        write_embedding(home, settings)
        releases.publish_draft(home, trial.number, f"embedding {settings.embedding.name}")
    audit.append(
        "command line", "corpus.publish", str(trial.number), {"before": trial.base, "embedding": settings.embedding.name}
    )


def throw_away(home: Path, number: int) -> None:
    """Remove a draft that was not wanted."""
    from corpus import release as releases

    with releases.writer(home):
        if releases.current_number(home) != number:
            releases.remove_release(home, number)


def write_embedding(home: Path, settings: Settings) -> None:
    """Put [embedding] in settings.toml; every other line and comment stays."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    from vraagbaak.settings import FILE

    file = home / FILE
    try:
        document = tomlkit.parse(file.read_text("utf-8")) if file.exists() else tomlkit.document()
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is not valid TOML: {error}", hint="mend the line that is named") from error
    part = document.setdefault("embedding", tomlkit.table())
    for name, value in settings.embedding.model_dump().items():
        if value:
            part[name] = value
        elif name in part:
            del part[name]
    fresh = file.with_name(FILE + ".new")
    fresh.write_text(tomlkit.dumps(document), "utf-8")
    fresh.replace(file)


def difference_lines(trial: Trial, tell: Callable[[str], None]) -> None:
    """The difference with its interval, figure by figure, and what broke."""
    found = trial.comparison
    if found is None:
        tell(f"not measured: {trial.why_not}")
        return
    tell(f"on {found.items} questions, new minus old, with 95 % interval:")
    for name, d in found.differences.items():
        tell(f"  {name:18} {d.value:+.3f}  [{d.low:+.3f}, {d.high:+.3f}]  n {d.n}")
    tell(f"{len(found.broke)} questions broke, {len(found.flips) - len(found.broke)} were mended")
    for flip in found.broke[:10]:
        tell(f"  - {flip.id}{' (critical)' if flip.critical else ''}: {flip.question}")
