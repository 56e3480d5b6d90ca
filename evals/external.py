"""Any corpus through the same pipeline, so that others can measure us and we them.

A folder in the form of BEIR: corpus.jsonl (or corpus_passages.jsonl) {id, title, text[, heading, doc_id]}, queries.jsonl
{id, text[, type]}, qrels.tsv (query-id, corpus-id, score). Or a folder of documents with a questions file. Rows become
documents of a release in a scratch folder; search, decision and answer are those of the app.
"""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.answer import Assistant
from assistant.model import Answer, Masked
from corpus.errors import UsageError
from corpus.model import Block, Document, Source, text_hash
from evals.metrics import ranking

if TYPE_CHECKING:
    from assistant.answer import Shelved
    from assistant.wiring import AssistantSettings
    from corpus.release import Release

FIELDS = ("text", "title", "heading")
DEPTH = 50  # hits per question before they are grouped


@dataclass(frozen=True, slots=True)
class Row:
    """One row of corpus.jsonl. id: what the judgements speak of; document: rows of one document share it."""

    id: str
    document: str
    text: str
    title: str = ""
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question; relevant: row or group id -> grade; unanswerable: it should not be answered."""

    id: str
    text: str
    type: str = ""
    relevant: Mapping[str, int] = field(default_factory=dict)
    unanswerable: bool = False


@dataclass(frozen=True, slots=True)
class Collection:
    """A corpus with its questions."""

    name: str
    rows: tuple[Row, ...]
    questions: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one question. ranked: judged ids, best first; cited: judged ids of what was shown."""

    question: Asked
    ranked: tuple[str, ...]
    cited: tuple[str, ...]
    answer: Answer
    milliseconds: float

    @property
    def answered(self) -> bool:
        """Whether sentences were shown."""
        return self.answer.status in ("answered", "partly")


class NoMasker:
    """Public questions hold no personal data; the name finder would only cost time."""

    def mask(self, text: str, named: object = None) -> Masked:
        """The text as it is."""
        return Masked(text)

    def indirect_hint(self, text: str) -> bool:
        """Never."""
        return False


# --- reading --------------------------------------------------------------------------------------------------------------


def read(
    folder: Path,
    fields: Sequence[str] = ("text",),
    group: str = "",
    without: Path | None = None,
    unanswerable: Path | None = None,
) -> Collection:
    """Read a folder. fields: which of text, title, heading may be searched.  group: name of the field that the judgements
    speak of ("doc_id").  without: ids, one a line, that are left out of the corpus.  unanswerable: ids of questions that are
    then to be refused, or a .jsonl of further questions that are.
    """
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise UsageError(f"there is no field {sorted(unknown)[0]}", hint=f"fields: {', '.join(FIELDS)}")
    passages = folder / "corpus_passages.jsonl"
    path = passages if group and passages.exists() else folder / "corpus.jsonl"
    gone = set(_ids(without)) if without else set()
    rows = tuple(r for raw in _lines(path) if not {(r := _row(raw, fields, group)).id, r.document} & gone)
    refused, extra = _refused(unanswerable)
    asked = [_asked(raw, judged, refused) for judged in [_judgements(folder)] for raw in _lines(folder / "queries.jsonl")]
    return Collection(folder.name, rows, (*asked, *extra))


def _row(raw: Mapping[str, Any], fields: Sequence[str], group: str) -> Row:
    own = str(raw.get("id", raw.get("_id")))
    document = str(raw.get(group) or own) if group else own
    shared = str(raw.get("doc_id") or document)
    return Row(
        id=document,
        document=shared,
        text=str(raw["text"]) if "text" in fields else "",
        title=str(raw.get("title") or "") if "title" in fields else "",
        heading=str(raw.get("heading") or "") if "heading" in fields else "",
    )


def _asked(raw: Mapping[str, Any], judged: Mapping[str, Mapping[str, int]], refused: set[str]) -> Asked:
    name = str(raw.get("id", raw.get("_id")))
    return Asked(
        name,
        str(raw["text"]),
        str(raw.get("type") or ""),
        judged.get(name, {}),
        name in refused or bool(raw.get("unanswerable")),
    )


def _refused(path: Path | None) -> tuple[set[str], list[Asked]]:
    if path is None:
        return set(), []
    if path.suffix == ".jsonl":
        return set(), [
            Asked(str(r["id"]), str(r["text"]), str(r.get("from") or "unanswerable"), {}, True) for r in _lines(path)
        ]
    return set(_ids(path)), []


def _ids(path: Path) -> list[str]:
    return [line.split()[0] for line in _text(path).splitlines() if line.strip() and not line.startswith("#")]


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in _text(path).splitlines() if line.strip()]
    except json.JSONDecodeError as error:
        raise UsageError(f"{path.name} is not JSON Lines: {error.msg}", hint="one JSON object per line") from error


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}", hint="a folder has corpus.jsonl, queries.jsonl and qrels.tsv"
        ) from error


def _judgements(folder: Path) -> dict[str, dict[str, int]]:
    path = next((p for p in (folder / "qrels.tsv", folder / "qrels" / "test.tsv") if p.exists()), folder / "qrels.tsv")
    out: dict[str, dict[str, int]] = {}
    for r in csv.reader(_text(path).splitlines(), delimiter="\t"):
        if len(r) >= 3 and r[-1].strip().lstrip("-").isdigit():
            out.setdefault(r[0], {})[r[-2]] = int(r[-1])
    return out


# --- a release of it ------------------------------------------------------------------------------------------------------


def documents(rows: Sequence[Row]) -> Iterator[tuple[Source, Document, list[tuple[int, int, str]]]]:
    """Each document with its source, and which span of it is which judged row."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row.document, []).append(row)
    for number, (name, mine) in enumerate(grouped.items(), start=1):
        source = Source(f"X{number:06d}", mine[0].title, "1", "geldig", name)
        yield source, *_document(source.key, mine)


def _document(key: str, rows: Sequence[Row]) -> tuple[Document, list[tuple[int, int, str]]]:
    text, blocks, spans, heading = "", [], [], ""
    for row in rows:
        begin = len(text)
        if row.heading and row.heading != heading:
            heading = row.heading
            blocks.append(Block("heading", len(text), len(text) + len(heading), (heading,), 1))
            text += heading + "\n\n"
        for line in (part.strip() for part in row.text.splitlines()):
            if line:
                kind = "list_item" if line[:2] in ("- ", "* ", "• ") else "paragraph"
                blocks.append(Block(kind, len(text), len(text) + len(line), (heading,) if heading else ()))  # type: ignore[arg-type]
                text += line + "\n\n"
        spans.append((begin, len(text), row.id))
    return Document(key, text, tuple(blocks)), spans


@contextmanager
def released(collection: Collection, home: Path, settings: AssistantSettings) -> Iterator[Opened]:
    """A release of a collection in a scratch data directory, opened like any other."""
    from assistant.wiring import shelve
    from corpus.embedder import open_embedder
    from corpus.reading import derive_reading
    from corpus.release import Contents, Embedding, open_release, write_release, writer
    from corpus.search import derive_lexical, embedded_text, with_document
    from ingest.build import analyser_with, companions
    from ingest.cli import sample_folder
    from ingest.split import split

    embedder = open_embedder("bundled", settings.query_prefix, settings.passage_prefix)
    files = companions(sample_folder(), None)
    analyser = analyser_with(files.get("synonyms.toml"))
    made = list(documents(collection.rows))
    passages = [p for _, document, _ in made for p in split(document)]
    titles = {source.key: source.title for source, _, _ in made}
    vectors = embedder.passages([embedded_text(p, titles[p.source]) for p in passages])
    contents = Contents(
        sources=tuple(s for s, _, _ in made),
        documents=tuple((d, text_hash(d.text), "external") for _, d, _ in made),
        passages=tuple(passages),
        vectors=with_document(vectors, passages),
        embedding=Embedding(embedder.name, embedder.revision, embedder.dimension),
        analyser=analyser.fingerprint,
        parser="external",
        files=files,
    )
    home.mkdir(parents=True, exist_ok=True)
    with writer(home):
        encoder = settings.encoder()
        read = (derive_reading(encoder, encoder.passages),) if settings.search.read else ()
        write_release(home, contents, (derive_lexical(analyser), *read))
    release = open_release(home, check=False)
    try:
        shelved = shelve(release, replace(settings, dense="exact"), embedder=embedder)
        yield Opened(shelved, {d.source: spans for _, d, spans in made})
    finally:
        release.close()


@dataclass(frozen=True, slots=True)
class Opened:
    """A collection behind the assistant. spans: per source, which characters are which judged row."""

    shelved: Shelved
    spans: Mapping[str, Sequence[tuple[int, int, str]]]

    @property
    def release(self) -> Release:
        """The release."""
        return self.shelved.search.release

    def row_of(self, source: str, start: int) -> str:
        """The judged id at a place."""
        return next((name for begin, end, name in self.spans[source] if begin <= start < end), "")

    def ask(self, question: Asked, *, threshold: float | None = None) -> Found:
        """Search as deep as the measures need, and answer."""
        shelved = self.shelved
        if threshold is not None:
            shelved = replace(shelved, calibration=replace(shelved.calibration, threshold=threshold))
        started = time.perf_counter()
        answer = Assistant(lambda: shelved, NoMasker()).ask(question.text)
        spent = (time.perf_counter() - started) * 1000
        hits = shelved.search.search(answer.question.search, DEPTH)
        ranked = dict.fromkeys(self.row_of(h.passage.source, h.passage.start) for h in hits)
        cited = dict.fromkeys(self.row_of(c.source, c.start) for c in answer.citations)
        return Found(question, tuple(ranked), tuple(cited), answer, spent)


# --- a folder of documents ------------------------------------------------------------------------------------------------


@contextmanager
def ingested(folder: Path, questions: Path, home: Path, settings: AssistantSettings) -> Iterator[tuple[Collection, Opened]]:
    """Any folder of documents with a questions file: JSON Lines {id, question, source[, type, unanswerable]}.

    source: the path (or code) of the document that answers, or a list of them.
    """
    from assistant.wiring import open_shelved
    from corpus.embedder import open_embedder
    from ingest.build import ingest
    from ingest.cli import sample_folder

    embedder = open_embedder("bundled", settings.query_prefix, settings.passage_prefix)
    ingest(home, folder, embedder, defaults=sample_folder(), encoder=settings.encoder() if settings.search.read else None)
    shelved = open_shelved(home, replace(settings, dense="exact"), check=False)
    release = shelved.search.release
    try:
        names = {s.key: s.path for s in release.sources}
        spans = {d.source: [(0, len(d.text), names[d.source])] for d in release.documents()}
        known = {name: s.path for s in release.sources for name in (s.path, s.code, s.key)}
        asked = tuple(_from_file(raw, known) for raw in _lines(questions))
        yield Collection(folder.name, (), asked), Opened(shelved, spans)
    finally:
        release.close()


def _from_file(raw: Mapping[str, Any], known: Mapping[str, str]) -> Asked:
    wanted = raw.get("source") or []
    paths = [known.get(str(name), str(name)) for name in ([wanted] if isinstance(wanted, str) else wanted)]
    text = str(raw.get("question") or raw.get("text") or "")
    if not text:
        raise UsageError(
            "a line of the questions file has no question",
            hint='for example: {"id": "1", "question": "...", "source": "a.pdf"}',
        )
    return Asked(
        str(raw.get("id", text)), text, str(raw.get("type") or ""), dict.fromkeys(paths, 1), bool(raw.get("unanswerable"))
    )


# --- figures --------------------------------------------------------------------------------------------------------------


def measured(collection: Collection, home: Path, settings: AssistantSettings) -> dict[str, Any]:
    """The figures of a collection, over all questions and per type of question."""
    started = time.perf_counter()
    with released(collection, home, settings) as opened:
        return report(collection, opened, time.perf_counter() - started)


def measured_folder(folder: Path, questions: Path, home: Path, settings: AssistantSettings) -> dict[str, Any]:
    """The same for a folder of documents."""
    started = time.perf_counter()
    with ingested(folder, questions, home, settings) as (collection, opened):
        return report(collection, opened, time.perf_counter() - started)


def report(collection: Collection, opened: Opened, built: float) -> dict[str, Any]:
    """Ask everything and count."""
    found = [opened.ask(question) for question in collection.questions]
    types = sorted({f.question.type for f in found if f.question.type})
    return {
        "name": collection.name,
        "rows": len(collection.rows),
        "passages": opened.release.manifest.passages,
        "questions": len(found),
        "index_seconds": round(built, 2),
        "all": figures(found),
        "types": {t: figures([f for f in found if f.question.type == t]) for t in types},
    }


def figures(found: Sequence[Found]) -> dict[str, float]:
    """nDCG@10, hit@1/5/10 and MRR@10 over judged questions, abstention over all, milliseconds."""
    judged = {f.question.id: dict(f.question.relevant) for f in found if f.question.relevant and not f.question.unanswerable}
    per_question = ranking(judged, {f.question.id: f.ranked for f in found if f.question.id in judged})
    names = {"nDCG@10": "ndcg@10", "Success@1": "hit@1", "Success@5": "hit@5", "Success@10": "hit@10", "RR@10": "mrr@10"}
    out = {"questions": float(len(found)), "judged": float(len(judged))}
    if judged:
        out |= {ours: round(float(np.mean([v[theirs] for v in per_question.values()])), 4) for theirs, ours in names.items()}
    return {**out, **_abstention(found), "ms_p50": _percentile(found, 50), "ms_p95": _percentile(found, 95)}


def _abstention(found: Sequence[Found]) -> dict[str, float]:
    should = sum(f.question.unanswerable for f in found)
    did = sum(not f.answered for f in found)
    both = sum(f.question.unanswerable and not f.answered for f in found)
    answerable = [f for f in found if not f.question.unanswerable and f.question.relevant]
    out = {"unanswerable": float(should), "silent": float(did)}
    if answerable:
        out["false_abstention"] = round(sum(not f.answered for f in answerable) / len(answerable), 4)
        shown = [f for f in answerable if f.answered]
        out["right_source_shown"] = round(
            sum(bool(set(f.cited) & set(f.question.relevant)) for f in shown) / max(len(shown), 1), 4
        )
    if should:
        precision, recall = both / did if did else 0.0, both / should
        out |= {"abstention_precision": round(precision, 4), "abstention_recall": round(recall, 4)}
        out["abstention_f1"] = round(2 * precision * recall / (precision + recall), 4) if both else 0.0
    return out


def _percentile(found: Sequence[Found], which: int) -> float:
    return round(float(np.percentile([f.milliseconds for f in found], which)), 2) if found else 0.0


__all__ = ["Collection", "Opened", "measured", "measured_folder", "read", "released"]
