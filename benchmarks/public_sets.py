"""Retrieval and Dutch word analysis, measured on public sets.

    python -m benchmarks.public_sets --data DIR [--legs words retrieval dense llama-index] [--json FILE]

DIR holds rijksvac, coronafaq, wetten, stem_ud and compound_ud (see the data's README for their licences).
Nothing is indexed that is itself the question: no titles of rijksvac and coronafaq, no headings of wetten.
Hits are passages grouped by document; measures are those of trec_eval through ir_measures, on scores 1/rank,
since tied scores are ordered differently by different tools.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.common import Report, run_process
from benchmarks.peers import environment
from corpus.analyse import Analyser, default_analyser
from corpus.fuse import fuse, rrf
from corpus.lexical import IndexedText, LexicalIndex, Tuning, write
from corpus.lexicon import fold
from evals.ablate import WordsOnly

DEPTH = 200  # passages per leg before grouping by document
CONTEXT = 0.5  # share of the document's vector in the dense score: +1.3 on rijksvac at weight 0.2, nothing lost elsewhere
WEIGHTS = (0.0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8, 1.0)
FIRST_TRY = {"rijksvac": 70.7, "coronafaq": 41.9, "wetten": 60.7}  # of the embedding, alone, on passages; measured in this way
SETS = ("rijksvac", "coronafaq", "wetten")
WITH_ENCODER = "fused, with the encoder"
MEASURES = ("nDCG@10", "Success@1", "Success@5", "RR@10")

Ranking = tuple[np.ndarray, np.ndarray]  # rows int32, scores float32, best first
Search = Callable[[str], Ranking]
Both = dict[str, tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]  # rows and scores of the two legs


class Embedder(Protocol):
    """Unit vectors of passages and of a question."""

    def passages(self, texts: Sequence[str]) -> np.ndarray: ...

    def query(self, text: str) -> np.ndarray: ...


@dataclass(frozen=True, slots=True)
class Collection:
    """A public set: texts to index, the document each belongs to, questions and their documents."""

    name: str
    texts: tuple[IndexedText, ...]
    answers: tuple[str, ...]  # per text: the id that the relevance judgements speak of
    questions: tuple[tuple[str, str], ...]  # id, text
    relevant: tuple[tuple[str, str, int], ...]


def load(folder: Path) -> Collection:
    """Read one set."""
    path = folder / "corpus_passages.jsonl"
    rows = _json_lines(path if path.exists() else folder / "corpus.jsonl")
    texts = tuple(IndexedText("", r.get("heading", ""), r["text"], r.get("doc_id") or r.get("bwb", "")) for r in rows)
    questions = tuple((q["id"], q["text"]) for q in _json_lines(folder / "queries.jsonl"))
    with (folder / "qrels.tsv").open(encoding="utf-8") as file:
        table = csv.DictReader(file, delimiter="\t")
        relevant = tuple((r["query-id"], r["corpus-id"], int(r["score"])) for r in table)
    return Collection(folder.name, texts, tuple(r.get("doc_id", r["id"]) for r in rows), questions, relevant)


def _json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def measure(collection: Collection, search: Search) -> dict[str, float]:
    """Mean of each measure over all questions, times 100."""
    import ir_measures

    run = [hit for number, text in collection.questions for hit in _run(number, search(text)[0], collection.answers)]
    qrels = [ir_measures.Qrel(*judgement) for judgement in collection.relevant]
    wanted = [ir_measures.parse_measure(name) for name in MEASURES]
    found = ir_measures.calc_aggregate(wanted, qrels, run)
    return {str(name): round(100 * found[name], 1) for name in wanted}


def _run(question: str, rows: np.ndarray, answers: Sequence[str]) -> Iterator[Any]:
    import ir_measures

    documents = dict.fromkeys(answers[row] for row in rows)
    for rank, document in enumerate(documents, 1):
        yield ir_measures.ScoredDoc(question, document, 1.0 / rank)


# ---- lexical steps -------------------------------------------------------------------------------


ONLY_TERMS = Tuning(parts=0.0, grams=0.0, document=0.0)
STEPS: tuple[tuple[str, Tuning], ...] = (
    ("stems", ONLY_TERMS),
    ("+ compound parts", replace(ONLY_TERMS, parts=Tuning().parts)),
    ("+ letter grams", replace(Tuning(), document=0.0)),
    ("+ document context", Tuning()),
)


def lexical_steps(collection: Collection, folder: Path) -> Iterator[tuple[str, LexicalIndex]]:
    """The same passages, searched with one step of the analysis more each time."""
    plain = WordsOnly(default_analyser().lexicon)
    write(folder / "plain", collection.texts, plain)
    yield "words only", LexicalIndex.open(folder / "plain", plain, ONLY_TERMS)
    write(folder / "dutch", collection.texts, default_analyser())
    for name, tuning in STEPS:
        yield name, LexicalIndex.open(folder / "dutch", default_analyser(), tuning)


def retrieval(collections: Sequence[Collection]) -> Iterator[dict[str, Any]]:
    for collection in collections:
        with tempfile.TemporaryDirectory() as folder:
            for name, index in lexical_steps(collection, Path(folder)):
                began = time.perf_counter()
                figures = measure(collection, partial(index.search, limit=DEPTH))
                each_ms = 1000 * (time.perf_counter() - began) / len(collection.questions)
                yield {"set": collection.name, "leg": name, **figures, "ms": round(each_ms, 2)}


# ---- dense and fused -----------------------------------------------------------------------------


def dense_search(vectors: np.ndarray, documents: np.ndarray, embedder: Embedder, context: float = CONTEXT) -> Search:
    """Exact search by cosine, with a share (`context`) of the cosine of the whole document.

    documents: for each passage the unit vector of its document; the passage's own where it stands alone.
    """

    def search(text: str) -> Ranking:
        question = embedder.query(text)
        scores = (1 - context) * (vectors @ question) + context * (documents @ question)
        rows = np.argsort(-scores, kind="stable")[:DEPTH].astype(np.int32)
        return rows, scores[rows].astype(np.float32)

    return search


def document_vectors(vectors: np.ndarray, collection: Collection) -> np.ndarray:
    """Mean of the vectors of each document, unit length, once per passage."""
    numbers: dict[str, int] = {}
    names = [text.document or f"\0{row}" for row, text in enumerate(collection.texts)]
    owner = np.array([numbers.setdefault(name, len(numbers)) for name in names])
    total = np.zeros((len(numbers), vectors.shape[1]), np.float32)
    np.add.at(total, owner, vectors)
    unit = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)
    return np.asarray(unit[owner], dtype=np.float32)


def _rrf(both: Both, text: str) -> Ranking:
    rows_a, _, rows_b, _ = both[text]
    return rrf(rows_a, rows_b, DEPTH)


def _fused(both: Both, weight: float, text: str) -> Ranking:
    return fuse(*both[text], weight=weight, limit=DEPTH)


def dense(collections: Sequence[Collection], embedder: Embedder) -> Iterator[dict[str, Any]]:
    """The embedding alone, plain reciprocal ranks, and the weighted sum at several weights."""
    for collection in collections:
        texts = [". ".join(p for p in (t.heading, t.body) if p) for t in collection.texts]
        vectors = embedder.passages(texts)
        documents = document_vectors(vectors, collection)
        near = dense_search(vectors, documents, embedder)
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), collection.texts, default_analyser())
            index = LexicalIndex.open(Path(folder), default_analyser())
            both = {text: (*index.search(text, DEPTH), *near(text)) for _, text in collection.questions}
        alone = dense_search(vectors, documents, embedder, context=0.0)
        found: dict[str, Search] = {"dense, passages alone": alone, "dense": near, "rrf": partial(_rrf, both)}
        found |= {f"fused {weight}": partial(_fused, both, weight) for weight in WEIGHTS}
        if reader := encoded(collection):
            found |= {"encoder alone": reader, WITH_ENCODER: partial(_with_encoder, both, reader)}
        for name, search in found.items():
            yield {"set": collection.name, "leg": name, **measure(collection, search)}


def encoded(collection: Collection) -> Search | None:
    """The encoder over passages and their sentences, as corpus/reading.py has it; None where a release would not be read."""
    from corpus.encoder import bundled_encoder
    from corpus.reading import MOST_TEXTS
    from corpus.sentences import sentences

    encoder = bundled_encoder()
    bodies = [[line[a:b] for line in text.body.splitlines() for a, b in sentences(line)] or [text.body] for text in collection.texts]
    if len(bodies) + sum(map(len, bodies)) > MOST_TEXTS:
        return None
    heads = [text.heading for text in collection.texts]
    whole = encoder.passages([encoder.passage_prefix + "\n".join(p for p in (h, t.body) if p) for h, t in zip(heads, collection.texts, strict=True)])
    places = [f"{h} : " if h else "" for h in heads]
    units = encoder.passages([encoder.passage_prefix + place + unit for place, body in zip(places, bodies, strict=True) for unit in body])
    starts = np.cumsum([0, *map(len, bodies)])[:-1]

    def search(text: str) -> Ranking:
        question = encoder.passages([encoder.question_prefix + text])[0]
        near = 0.5 * (whole @ question + np.maximum.reduceat(units @ question, starts))
        rows = np.argsort(-near, kind="stable")[:DEPTH].astype(np.int32)
        rows = rows[near[rows] > 0]
        return rows, near[rows].astype(np.float32)

    return search


def _with_encoder(both: Both, reader: Search, text: str) -> Ranking:
    from corpus.search import SearchSettings

    shipped = SearchSettings()
    return fuse(*_fused(both, shipped.weight, text), *reader(text), weight=shipped.read, limit=DEPTH)


# ---- the default of others -----------------------------------------------------------------------


def llama_index(collections: Sequence[Collection]) -> Iterator[dict[str, Any]]:
    """LlamaIndex's BM25Retriever with Dutch stop words and its own stemmer, on the same texts.

    Its package asks for PyStemmer below 3, so this runs in an environment of its own (benchmarks/peers.py makes it).
    """
    from llama_index.core.schema import TextNode
    from llama_index.retrievers.bm25 import BM25Retriever

    for collection in collections:
        texts = ["\n".join(p for p in (t.heading, t.body) if p) for t in collection.texts]
        nodes = [TextNode(id_=str(row), text=text) for row, text in enumerate(texts)]
        for language in ("en", "nl"):
            depth = min(DEPTH, len(nodes))
            retriever = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=depth, language=language)
            search = partial(_retrieved, retriever)
            yield {"set": collection.name, "leg": f"llama-index bm25 {language}", **measure(collection, search)}


def elsewhere(data: Path, sets: Sequence[str]) -> list[dict[str, Any]]:
    """The figures of `llama_index`, from a process in the environment of that peer."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        names = ("--data", str(data), "--sets", *sets, "--json", str(out))
        run_process([environment("llama_index"), "-m", "benchmarks.public_sets", "--legs", "llama-index", "--here", *names])
        found: list[dict[str, Any]] = json.loads(out.read_text("utf-8"))
        return found


def _retrieved(retriever: Any, text: str) -> Ranking:
    hits = [hit for hit in retriever.retrieve(text) if hit.score > 0]
    rows = np.array([int(hit.node.node_id) for hit in hits], np.int32)
    return rows, np.array([hit.score for hit in hits], np.float32)


# ---- words ---------------------------------------------------------------------------------------


def words(data: Path, analyser: Analyser) -> Iterator[dict[str, Any]]:
    """Stems against gold lemma groups, compounds against gold parts."""
    yield stem_figures(data / "stem_ud" / "conflation_groups.tsv", analyser)
    yield compound_figures(data / "compound_ud", analyser)


def stem_figures(path: Path, analyser: Analyser) -> dict[str, Any]:
    """Groups put on one stem entirely, and how many pairs on one stem belong to one group."""
    with path.open(encoding="utf-8") as file:
        groups = [row["forms"].split() for row in csv.DictReader(file, delimiter="\t")]
    stem_of = {form: analyser.features(form.lower()).terms or (form,) for group in groups for form in group}
    groups_of: dict[str, set[int]] = {}
    stems: dict[tuple[str, ...], set[str]] = {}
    for number, group in enumerate(groups):
        for form in group:
            groups_of.setdefault(form, set()).add(number)
            stems.setdefault(stem_of[form], set()).add(form)
    whole = sum(len({stem_of[form] for form in group}) == 1 for group in groups)
    pairs = [pair for forms in stems.values() for pair in combinations(sorted(forms), 2)]
    right = sum(bool(groups_of[a] & groups_of[b]) for a, b in pairs)
    return {
        "set": "stem_ud",
        "groups": len(groups),
        "on one stem": _percent(whole, len(groups)),
        "pairs right": _percent(right, len(pairs)),
    }


def compound_figures(folder: Path, analyser: Analyser) -> dict[str, Any]:
    """A split counts as right when its first or last part is a gold part; many "non-compounds" of the set are old
    compounds ("voetbal"), so the false splits are an upper bound."""
    with (folder / "compounds.tsv").open(encoding="utf-8") as file:
        gold = [(row["form"].lower(), row["parts_lemmas"].lower().split("+")) for row in csv.DictReader(file, delimiter="\t")]
    found = [(analyser.split(fold(form)), parts) for form, parts in gold]
    right = sum(bool(split) and _agrees(split, parts, analyser) for split, parts in found)
    missed = sum(not split for split, _ in found)
    simple = (folder / "non_compounds_noun_ge8.txt").read_text(encoding="utf-8").split()
    false = sum(bool(analyser.split(fold(word))) for word in simple)
    return {
        "set": "compound_ud",
        "compounds": len(gold),
        "right": _percent(right, len(gold)),
        "not split": _percent(missed, len(gold)),
        "wrong": _percent(len(gold) - right - missed, len(gold)),
        "non-compounds split": _percent(false, len(simple)),
    }


def _agrees(split: Sequence[str], parts: Sequence[str], analyser: Analyser) -> bool:
    def stem(word: str) -> str:
        return (analyser.features(word).terms or (word,))[0]

    return stem(split[0]) == stem(parts[0]) or stem(split[-1]) == stem(parts[-1])


def _percent(part: int, whole: int) -> float:
    return round(100 * part / max(whole, 1), 1)


# ---- command line --------------------------------------------------------------------------------


def open_embedding(name: str) -> Embedder:
    """The bundled embedding or a sentence-transformers model."""
    from corpus.embedder import open_embedder  # the lexical figures do not need it

    embedder: Embedder = open_embedder(name)
    return embedder


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with rijksvac, coronafaq, wetten, ...")
    parser.add_argument(
        "--legs", nargs="+", choices=("words", "retrieval", "dense", "llama-index"), default=("words", "retrieval")
    )
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--embedding", default="bundled", help="for the leg `dense`: bundled, or a model's name or folder")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # this is the environment of the peer
    options = parser.parse_args()
    collections = [load(options.data / name) for name in options.sets]
    figures: list[dict[str, Any]] = []
    for leg in options.legs:
        rows = {
            "words": lambda: words(options.data, default_analyser()),
            "retrieval": lambda: retrieval(collections),
            "llama-index": lambda: llama_index(collections) if options.here else iter(elsewhere(options.data, options.sets)),
            "dense": lambda: dense(collections, open_embedding(options.embedding)),
        }[leg]()
        for row in rows:
            print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
            figures.append(row)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False), encoding="utf-8")
    if {"retrieval", "dense", "llama-index"} <= set(options.legs) and options.embedding == "bundled":
        _summary(figures, " ".join(options.legs))


def _summary(figures: Sequence[dict[str, Any]], legs: str) -> None:
    """The table of docs/benchmarks.md: what is shipped beside its parts and beside LlamaIndex."""
    from corpus.search import SearchSettings

    weight = SearchSettings().weight
    report = Report("public_sets", f"python -m benchmarks.public_sets --data DIR --legs {legs}")
    for name in dict.fromkeys(row["set"] for row in figures if "leg" in row):
        ndcg = {row["leg"]: row["nDCG@10"] for row in figures if row["set"] == name and "leg" in row}
        fused, theirs = ndcg[f"fused {weight}"], ndcg["llama-index bm25 nl"]
        report.add(f"{name}: fused, nDCG@10", fused, "", "rijksvac >= 88" if name == "rijksvac" else "", note=f"weight of meaning {weight}")
        if WITH_ENCODER in ndcg:
            report.add(f"{name}: with the encoder, as shipped", ndcg[WITH_ENCODER], "", note=f"the encoder alone {ndcg['encoder alone']}")
        report.add(f"{name}: lexical leg", ndcg[STEPS[-1][0]], "")
        report.add(f"{name}: bundled embedding, passages alone", ndcg["dense, passages alone"], "", f"> {FIRST_TRY[name]} (first try)")
        report.add(f"{name}: LlamaIndex BM25, Dutch", theirs, "", note=f"with its defaults {ndcg['llama-index bm25 en']}")
        report.add(f"{name}: shipped above LlamaIndex", ndcg.get(WITH_ENCODER, fused) - theirs, "points", ">= 3")
    report.finish()


if __name__ == "__main__":
    main()
