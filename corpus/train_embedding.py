"""The recipe of the bundled embedding: public Dutch texts and word lists in, corpus/embedding out.

    python -m corpus.train_embedding --data DIR --out DIR

DIR of --data holds train/pairs.jsonl.gz, train/laws.jsonl.gz, lexicon/opentaal and lexicon/odwn. The phrasings of the sample
corpus (corpus/texts/phrasings.toml, our own) bring everyday Dutch. Four steps:

1  Words. Every spelling of a word gets the row of its stem; compounds fall apart at their parts, because the tokenizer
   takes the cheapest way to cover a word and a known word is cheaper than letters. Function words have no row at all.
2  Start. Rows begin where words stand together: PPMI over windows of law text, factorised, plus a random part of their own
   that keeps two words with the same company apart. Frequent words weigh less (SIF, Arora et al. 2017).
3  Training. Pairs that belong together are pulled towards each other and away from the rest of their batch (InfoNCE).
4  Finish. The direction all passages share is removed; rows are stored as int8 with one scale each.

One thread and fixed seeds: the same data gives the same model on the same kind of processor.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import string
import time
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from corpus.phrasings import Phrasings, parse_phrasings

Ints = NDArray[Any]
Floats = NDArray[np.float32]

DIMENSION = 384
ROWS = 22_500  # words; letter grams and numbers come on top
PIECES = 41_000  # spellings: more make opening the tokenizer slower
GRAMS = 2_500  # runs of three and four letters, for words nobody listed
BATCH, LEARNING_RATE, SCALE = 1024, 0.004, 16.0
MAX_WORDS = 100  # of a text in training
SIF = 1e-3
NORM_POWER = -0.2  # of the trained length of a row: evens the weights out; within noise on all three development sets
# share of each source that is seen in training: everyday words are rare in law text, so word lists count for a lot
EPOCHS = {"laws_heading": 9.0, "laws_adjacent": 1.0, "odwn_synonym": 1.5, "docs_heading": 5.0, "nominal": 2.0, "laws_qa": 5.0}
PSEUDO_EPOCHS = 0.6
ASKED_EPOCHS = 1.5  # of phrasings with the sentence that answers, and with another phrasing of it
ASKED_COUNT = 40  # what a word of a phrasing counts for beside words of law: few people ask in the words of a law
HEADING_CAP = 15  # "Algemene bepalingen" stands above thousands of articles

WORD = re.compile(r"[a-z0-9]+")
BRIDGE = Path(__file__).parent / "embedding_bridge.tsv"
PHRASINGS = Path(__file__).parent / "texts" / "phrasings.toml"
STOP_WORDS = """
de het een en van in op te dat die is voor met als zijn niet aan er om ook dan of bij uit nog naar hij zij ze we wij ik je jij
u wat hoe waar wanneer wie welke welk kan kunt kunnen mag mogen moet moeten heb hebt heeft hebben mijn uw jouw ben bent word
wordt worden was waren door over tot deze dit daar hier zo zal zou zullen zult wel geen maar want omdat tegen onder na voordat
nadat dus doen doet doe gaat gaan ga krijg krijgt krijgen komt komen kom wil wilt willen hem haar hun ons onze me mij zich
iets iemand alle alles andere meer veel heel waarom waarvoor waarmee hoeveel hoelang werkt betekent mn zn the what how should
would could can do does did i my you your his her they them their and or not to for with about when which who why where if
this that there have has had been are be a an it we us he she from by at must may
"""
STOP = tuple(STOP_WORDS.split())
# stems that the stemmers get wrong, and words of the helpline's own world that no list ranks high
STEMS = dict.fromkeys(["ouder", "ouders", "ouderlijk", "ouderlijke"], "ouder")
STEMS |= dict.fromkeys(["melden", "melding", "meldingen", "meldt", "meld", "gemeld", "gemelde"], "meld")
STEMS |= {"leden": "lid", "terugkeren": "terugkeer"}
HELPLINE_WORDS = """
radicaliseren geradicaliseerd radicalisering extremisme extremist jihad jihadist salafisme islam moslim imam moskee bekering
ronselen ronselaar uitreizen terugkeerder syrie kalifaat propaganda complot haat aanslag vertrouwenspersoon hulplijn beller
terugbellen doorverwijzen anoniem anonimiteit geheimhouding meldcode zelfmoord suicidaal verdriet boos bang zorgen piekeren
puber tiener dochter zoon telefoontje appen whatsapp telegram tiktok instagram youtube discord snapchat gamen vrijwilliger
nazorg intervisie supervisie luisteren meeleven grenzen aangeven rechtsextremisme neonazi dreigen wijkagent jongerenwerker
"""
HELPLINE = tuple(HELPLINE_WORDS.split())
# endings and linking sounds: cheap to pass over, and without a row
ENDINGS = {-5.0: "s e n en", -6.0: "t d te de den ten er ers es je jes tje tjes der ste", -7.0: "ge be se ende end ene"}
LINKS = ("", "s", "en", "n", "e", "er")


def fold(text: str) -> str:
    """Lower case without accents, as the tokenizer's normalizer does it."""
    low = text.lower()
    if low.isascii():
        return low
    return "".join(c for c in unicodedata.normalize("NFD", low) if not unicodedata.combining(c))


class Texts(NamedTuple):
    """Texts as numbers: text i is items[starts[i] : starts[i + 1]]."""

    items: Ints
    starts: Ints


class Shelf:
    """Numbers for words, in order of appearance."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def texts(self, texts: Iterable[str]) -> Texts:
        """The words of each text as numbers."""
        items, starts = array("i"), [0]
        for text in texts:
            items.extend(self.numbers.setdefault(w, len(self.numbers)) for w in WORD.findall(fold(text)))
            starts.append(len(items))
        return Texts(np.frombuffer(items, np.int32), np.array(starts))


def json_lines(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


# ---- 1 words -------------------------------------------------------------------------------------


class Stems:
    """One key for all spellings of a word: lemma by simplemma, then the Kraaij-Pohlmann stem."""

    def __init__(self) -> None:
        import simplemma
        import Stemmer

        self._lemma, self._known = simplemma.lemmatize, dict(STEMS)
        self._stem, self._porter = Stemmer.Stemmer("dutch").stemWord, Stemmer.Stemmer("dutch_porter").stemWord

    def __call__(self, word: str) -> str:
        if word not in self._known:
            lemma = self._lemma(word, lang="nl").lower().replace("_", "")
            stem = fold(self._stem(lemma)) or word
            if lemma.startswith("ge") and not stem.startswith("ge"):  # "gesprek" is no "sprek", "geval" no "val"
                stem = fold(self._porter(lemma))
            self._known[word] = stem
        return self._known[word]


class Lists(NamedTuple):
    """What is known of words before any text is read."""

    approved: tuple[str, ...]
    inflections: tuple[tuple[str, str], ...]
    synonyms: tuple[tuple[str, ...], ...]
    bridge: tuple[tuple[str, str], ...]


def read_lists(data: Path) -> Lists:
    opentaal = data / "lexicon" / "opentaal"
    approved = dict.fromkeys(w for w in map(fold, lines(opentaal / "basiswoorden-gekeurd.txt")) if re.fullmatch("[a-z]{2,}", w))
    inflections = (tuple(map(fold, line.split("\t")))[:2] for line in lines(opentaal / "inflections.tsv"))
    synonyms = (tuple(map(fold, line.split("\t"))) for line in lines(data / "lexicon" / "odwn" / "synonyms.tsv")[1:])
    bridge = (line.split("\t") for line in lines(BRIDGE) if line and not line.startswith("#"))
    return Lists(
        tuple(approved),
        tuple((p[0], p[1]) for p in inflections if len(p) == 2 and re.fullmatch("[a-z]{3,24}", p[0])),
        tuple(synonyms),
        tuple((fold(english), fold(dutch)) for english, dutch in bridge),
    )


def split_in_two(word: str, parts: frozenset[str]) -> tuple[str, str] | None:
    """The parts of a compound; both have four letters or more."""
    for cut in range(4, len(word) - 3):
        if word[cut:] in parts:
            for link in LINKS:
                head = word[: cut - len(link)] if word[:cut].endswith(link) else ""
                if head in parts:
                    return head, word[cut:]
    return None


class Pieces(dict[str, tuple[float, int]]):
    """Spelling -> (log weight, row). Row 0 is no row: such pieces do not count."""

    rows = 1

    def word(self, word: str, count: int, row: int) -> None:
        short = 5.0 if len(word) <= 3 else 1.0 if len(word) == 4 else 0.0  # short words turn up inside others
        self[word] = (-10.0 + 0.08 * min(np.log1p(count), 12.0) - short, row)

    def add_new(self, piece: str, weight: float) -> None:
        if piece not in self:
            self[piece] = (weight, self.rows)
            self.rows += 1


def choose_keys(lists: Lists, counts: dict[str, int], stems: Stems) -> list[str]:
    """The ROWS keys worth a row: frequent in law text, productive in compounds, or with synonyms."""
    words = sorted({*lists.approved, *counts})
    parts = frozenset(w for w in lists.approved if len(w) >= 4)
    halves = {w: pair for w in words if (pair := split_in_two(w, parts))}
    productive = Counter(stems(half) for pair in halves.values() for half in pair)
    related: Counter[str] = Counter(stems(w) for group in lists.synonyms for w in group)
    total: Counter[str] = Counter()
    for word, count in counts.items():
        total[stems(word)] += count
    approved, merit = frozenset(lists.approved), {stems(w): 99.0 for w in (*HELPLINE, *(d for _, d in lists.bridge))}
    for word in (w for w in words if 2 <= len(w) <= 24):
        key = stems(word)
        if word in halves:
            worth = np.log1p(total[key]) - 3.0 if total[key] >= 100 else 0.0
        else:
            worth = np.log1p(total[key]) + np.log1p(3 * productive[key]) + 0.5 * np.log1p(related[key]) + (word in approved)
        merit[key] = max(merit.get(key, 0.0), worth)
    return sorted(merit, key=lambda k: (-merit[k], k))[:ROWS]


def make_pieces(lists: Lists, counts: dict[str, int], stems: Stems) -> Pieces:
    """All spellings with their weights and rows."""
    row = {key: number for number, key in enumerate(choose_keys(lists, counts, stems), start=1)}
    pieces = Pieces({"[UNK]": (-100.0, 0)})
    pieces.rows = len(row) + 1
    for letter in string.ascii_lowercase + string.digits:
        pieces[letter] = (-18.0, 0)
    for weight, endings in ENDINGS.items():
        pieces.update(dict.fromkeys(endings.split(), (weight, 0)))
    _add_grams(pieces, (*lists.approved, *sorted(counts)))
    for number in range(10, 100):
        pieces.add_new(str(number), -12.0)
    for word in sorted(w for w, c in counts.items() if c >= 300 and re.fullmatch(r"[0-9]+[a-z]?|[a-z]+[0-9]+", w)):
        pieces.add_new(word, -12.0)
    _add_words(pieces, row, lists, counts, stems)
    _add_inflections(pieces, row, lists, stems)
    for english, dutch in lists.bridge:
        if english not in counts and english not in lists.approved and (found := row.get(stems(dutch.split()[0]))):
            pieces.word(english, 0, found)
    pieces.update({word: (pieces.get(word, (-10.0, 0))[0], 0) for word in STOP})
    return pieces


def _add_grams(pieces: Pieces, words: Sequence[str]) -> None:
    for length, weight in ((3, -17.0), (4, -19.0)):
        grams = Counter(w[i : i + length] for w in words for i in range(len(w) - length + 1))
        for gram in sorted(grams, key=lambda g: (-grams[g], g))[: GRAMS // 2]:
            pieces.add_new(gram, weight)


def _add_words(pieces: Pieces, row: dict[str, int], lists: Lists, counts: dict[str, int], stems: Stems) -> None:
    fixed = {e for endings in ENDINGS.values() for e in endings.split()}
    words = {*lists.approved, *(w for w in counts if w.isalpha()), *HELPLINE, *(d for _, d in lists.bridge)}
    usable = (w for w in words if len(w) <= 24 and w not in fixed and stems(w) in row)
    forms = sorted(usable, key=lambda w: (-counts.get(w, 0), len(w), w))
    first: dict[str, str] = {}
    for word in forms:
        first.setdefault(stems(word), word)
    always = {*first.values(), *HELPLINE}
    for word in sorted(forms, key=lambda w: w not in always):  # each row has a spelling before any has two
        if word in always or (counts.get(word, 0) and len(pieces) < PIECES):
            pieces.word(word, counts.get(word, 0), row[stems(word)])


def _add_inflections(pieces: Pieces, row: dict[str, int], lists: Lists, stems: Stems) -> None:
    """Forms that the endings do not lead back to their word ("gesprekken" -> gesprek + ken)."""
    tokenizer, rows = make_tokenizer(pieces), rows_of(pieces)
    for form, base in lists.inflections:
        wanted = row.get(stems(base))
        if not wanted or form in pieces or len(pieces) >= PIECES + 3000:
            continue
        if [r for r in rows[tokenizer.encode(form).ids] if r] != [wanted]:
            pieces[form] = (-10.5, wanted)


def rows_of(pieces: Pieces) -> Ints:
    return np.array([row for _, row in pieces.values()], dtype=np.int32)


def tokenizer_json(pieces: Pieces) -> str:
    steps = [{"type": "NFD"}, {"type": "StripAccents"}, {"type": "Lowercase"}]
    vocabulary = [[piece, round(float(weight), 2)] for piece, (weight, _) in pieces.items()]
    cut = {"type": "Split", "pattern": {"Regex": "[^a-z0-9]+"}, "behavior": "Removed", "invert": False}
    return json.dumps(
        {
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
            "normalizer": {"type": "Sequence", "normalizers": steps}, "pre_tokenizer": cut,
            "post_processor": None, "decoder": None,
            "model": {"type": "Unigram", "unk_id": 0, "vocab": vocabulary, "byte_fallback": False},
        },
        separators=(",", ":"),
    )  # fmt: skip


def make_tokenizer(pieces: Pieces) -> Tokenizer:
    return Tokenizer.from_str(tokenizer_json(pieces))


class Speller:
    """Words as numbers -> rows as numbers, for all texts at once."""

    def __init__(self, pieces: Pieces, words: Sequence[str]) -> None:
        tokenizer, rows = make_tokenizer(pieces), rows_of(pieces)
        found = [[int(r) for r in rows[e.ids] if r] for e in tokenizer.encode_batch(list(words), add_special_tokens=False)]
        self._lengths = np.array([len(f) for f in found])
        self._flat = np.array([r for f in found for r in f], dtype=np.int32)
        self._starts = np.cumsum(self._lengths) - self._lengths

    def rows(self, texts: Texts) -> Texts:
        lengths = self._lengths[texts.items]
        ends = np.concatenate([[0], np.cumsum(lengths)])
        places = np.repeat(self._starts[texts.items] - ends[:-1], lengths) + np.arange(ends[-1])
        return Texts(self._flat[places], ends[texts.starts])


# ---- 2 start -------------------------------------------------------------------------------------


def start_rows(laws: Texts, rows: int, seed: int = 0) -> Floats:
    """(rows, DIMENSION): company kept in law text, plus a direction of its own, times the SIF weight."""
    counts = np.bincount(laws.items, minlength=rows)
    share = counts / counts.sum()
    company = _unit(_factors(_ppmi(_together(laws, counts)), DIMENSION * 2 // 3))
    rng = np.random.default_rng(seed)
    own = rng.standard_normal((rows, DIMENSION)) / np.sqrt(DIMENSION)
    turn, _ = np.linalg.qr(rng.standard_normal((DIMENSION, DIMENSION)))
    both = _unit(company @ turn[: company.shape[1]] + 1.5 * own)
    weight = SIF / (SIF + np.maximum(share, 5 / counts.sum()))
    return np.asarray(both * weight[:, None], dtype=np.float32)


def _unit(vectors: NDArray[Any]) -> NDArray[Any]:
    unit: NDArray[Any] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit


def _together(laws: Texts, counts: Ints, window: int = 8, often: float = 2e-4) -> Any:
    """Sparse (rows, rows): how often two words stand near each other, nearer counting more."""
    import scipy.sparse as sparse

    rows, rng = len(counts), np.random.default_rng(0)
    text = np.repeat(np.arange(len(laws.starts) - 1), np.diff(laws.starts))
    chance = np.sqrt(often / np.maximum(counts / counts.sum(), 1e-9))  # frequent words are thinned out
    kept = (rng.random(len(laws.items)) < chance[laws.items]) & (counts[laws.items] >= 8)
    words, text = laws.items[kept].astype(np.int64), text[kept]
    total = sparse.csr_matrix((rows, rows), dtype=np.float32)
    for apart in range(1, window + 1):
        same = text[apart:] == text[:-apart]
        pairs, often_seen = np.unique(words[:-apart][same] * rows + words[apart:][same], return_counts=True)
        weight = (often_seen * (window + 1 - apart) / window).astype(np.float32)
        total = total + sparse.csr_matrix((weight, (pairs // rows, pairs % rows)), shape=(rows, rows))
    return total + total.T


def _ppmi(together: Any, least: float = 1.5) -> Any:
    """Positive pointwise mutual information, contexts smoothed by 0.75 (Levy & Goldberg 2015)."""
    import scipy.sparse as sparse

    pairs = together.tocoo()
    each = np.bincount(pairs.row, weights=pairs.data, minlength=pairs.shape[0])
    context = each**0.75 / (each**0.75).sum()
    enough = pairs.data >= least
    row, column, data = pairs.row[enough], pairs.col[enough], pairs.data[enough]
    value = np.log(data / (each[row] * context[column]))
    above = value > 0
    return sparse.csr_matrix((value[above].astype(np.float32), (row[above], column[above])), shape=pairs.shape)


def _factors(matrix: Any, size: int, rounds: int = 3) -> Floats:
    """(rows, size): left singular vectors, by randomised subspace iteration (Halko et al. 2011)."""
    basis = np.random.default_rng(0).standard_normal((matrix.shape[1], size + 20)).astype(np.float32)
    for _ in range(rounds):
        basis, _ = np.linalg.qr(matrix @ basis)
    left, _, _ = np.linalg.svd((matrix.T @ basis).T, full_matrices=False)
    return np.asarray((basis @ left)[:, :size], dtype=np.float32)


# ---- 3 training ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """Pairs of one kind. key: pairs with the same key are not each other's counter-examples."""

    left: Texts
    right: Texts
    which: Ints
    key: Ints
    epochs: float


def sources(
    left: Texts, right: Texts, kinds: Ints, laws: Texts, nominal: tuple[Texts, Texts], asked: tuple[Texts, Texts, Ints]
) -> list[Source]:
    lengths = np.minimum(np.diff(left.starts), np.diff(right.starts))
    keys, other = _keys(left), _keys(right)
    usable = (lengths > 0) & (keys != other)
    found = []
    for kind in sorted(set(EPOCHS) & set(kinds.tolist())):
        which = np.flatnonzero(usable & (kinds == kind))
        if kind == "laws_heading":
            which = _capped(which, keys)
        found.append(Source(left, right, which, keys, EPOCHS[kind]))
    found.append(Source(*nominal, np.arange(len(nominal[0].starts) - 1), _keys(nominal[0]), EPOCHS["nominal"]))
    found.append(Source(*asked[:2], np.arange(len(asked[2])), asked[2], ASKED_EPOCHS))
    drawn, which = pseudo_questions(laws)
    return [*found, Source(drawn, laws, which, _keys(drawn), PSEUDO_EPOCHS)]


def _keys(texts: Texts) -> Ints:
    spans = zip(texts.starts[:-1], texts.starts[1:], strict=True)
    digests = (hashlib.blake2b(texts.items[a:b].tobytes(), digest_size=8).digest() for a, b in spans)
    return np.array([int.from_bytes(d, "little", signed=True) for d in digests], dtype=np.int64)


def _capped(which: Ints, keys: Ints) -> Ints:
    seen: Counter[int] = Counter()
    kept = []
    for i in np.random.default_rng(0).permutation(which):
        seen[int(keys[i])] += 1
        if seen[int(keys[i])] <= HEADING_CAP:
            kept.append(i)
    return np.array(kept)


def pseudo_questions(laws: Texts) -> tuple[Texts, Ints]:
    """Two to five words drawn from a law passage: they should find it, as words of a question find a leaflet."""
    rng = np.random.default_rng(0)
    lengths = np.diff(laws.starts)
    which = np.flatnonzero(lengths >= 15)
    asked = rng.integers(2, 6, len(which))
    span = np.repeat(np.minimum(lengths[which], MAX_WORDS), asked)
    places = np.repeat(laws.starts[which], asked) + (rng.random(len(span)) * span).astype(np.int64)
    per_text = np.zeros(len(laws.starts), np.int64)
    per_text[which + 1] = asked
    return Texts(laws.items[places], np.cumsum(per_text)), which


def batches(found: Sequence[Source], seed: int = 0) -> list[tuple[Source, Ints]]:
    """Batches of one source each, in random order: telling law from word list must not be the way to win."""
    rng = np.random.default_rng(seed)
    made = []
    for source in found:
        wanted = int(source.epochs * len(source.which))
        rounds = -(-wanted // max(len(source.which), 1))
        drawn = np.concatenate([rng.permutation(source.which) for _ in range(rounds)])[:wanted]
        size = min(BATCH, len(source.which))
        made += [(source, drawn[i : i + size]) for i in range(0, len(drawn) - size + 1, size)]
    return [made[i] for i in rng.permutation(len(made))]


def _cut(texts: Texts, which: Ints) -> tuple[Ints, Ints]:
    """(items, starts) of some texts, each cut off after MAX_WORDS."""
    lengths = np.minimum(texts.starts[which + 1] - texts.starts[which], MAX_WORDS)
    starts = np.cumsum(lengths) - lengths
    places = np.repeat(texts.starts[which] - starts, lengths) + np.arange(lengths.sum())
    return texts.items[places].astype(np.int64), starts


def train(rows: Floats, found: Sequence[Source]) -> Floats:
    """(rows, DIMENSION) after one pass over `batches`; the learning rate rises for 5 % of the steps, then falls to nothing."""
    import torch
    from torch.nn import functional as f

    table = torch.nn.Parameter(torch.from_numpy(rows.copy()))
    adam = torch.optim.Adam([table], lr=LEARNING_RATE, betas=(0.9, 0.99))
    todo, begin = batches(found), time.monotonic()

    def vectors(texts: Texts, which: Ints) -> Any:
        items, starts = map(torch.from_numpy, _cut(texts, which))
        return f.normalize(f.embedding_bag(items, table, starts, mode="mean"))

    for step, (source, which) in enumerate(todo):
        done = step / len(todo)
        adam.param_groups[0]["lr"] = LEARNING_RATE * min(1.0, done / 0.05 + 0.01) * max(0.02, 1 - done)
        scores = SCALE * vectors(source.left, which) @ vectors(source.right, which).T
        key = torch.from_numpy(source.key[which])
        same = (key[:, None] == key[None]).fill_diagonal_(False)
        scores = scores.masked_fill(same, -1e4)
        right = torch.arange(len(scores))
        loss = (f.cross_entropy(scores, right) + f.cross_entropy(scores.T, right)) / 2
        adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        if step % 100 == 0:
            print(f"  step {step} of {len(todo)}, loss {loss.item():.3f}, {time.monotonic() - begin:.0f} s", flush=True)
    return table.detach().numpy()


# ---- 4 finish ------------------------------------------------------------------------------------


def finish(rows: Floats, laws: Texts, sample: int = 20_000) -> Floats:
    """Without the direction that passages share ("all but the top", Mu & Viswanath 2018), lengths evened out."""
    spans = zip(laws.starts[:sample], laws.starts[1 : sample + 1], strict=True)
    some = _unit(np.array([rows[laws.items[a:b]].sum(axis=0) for a, b in spans if b > a]))
    shared = np.linalg.eigh(some.T @ some)[1][:, -1]
    rest = rows - np.outer(rows @ shared, shared)
    return np.asarray(rest * np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6) ** NORM_POWER, dtype=np.float32)


def write_model(folder: Path, pieces: Pieces, rows: Floats) -> None:
    """A sentence-transformers folder. `embeddings` x `weights` through `mapping`, as its StaticEmbedding reads it."""
    from safetensors.numpy import save

    (folder / "1_Normalize").mkdir(parents=True, exist_ok=True)
    mapping = rows_of(pieces)
    scale = np.maximum(np.abs(rows).max(axis=1), 1e-12) / 127
    weights = np.where(mapping > 0, scale[mapping], 0).astype(np.float32)
    table = np.rint(rows / scale[:, None]).astype(np.int8)
    (folder / "model.safetensors").write_bytes(save({"embeddings": table, "mapping": mapping, "weights": weights}))
    (folder / "tokenizer.json").write_text(tokenizer_json(pieces), "utf-8")
    static = "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding"
    normalize = "sentence_transformers.base.modules.normalize.Normalize"
    modules = [(0, "", static), (1, "1_Normalize", normalize)]
    described = [{"idx": n, "name": str(n), "path": path, "type": kind} for n, path, kind in modules]
    settings = {"model_type": "SentenceTransformer", "prompts": {"query": "", "document": ""}, "default_prompt_name": None}
    place = {"module_input_name": "sentence_embedding", "module_output_name": "sentence_embedding"}
    _write_json(folder / "modules.json", described)
    _write_json(folder / "config_sentence_transformers.json", settings | {"similarity_fn_name": "cosine"})
    _write_json(folder / "1_Normalize" / "config.json", place)


def _write_json(path: Path, what: object) -> None:
    path.write_text(json.dumps(what, indent=2) + "\n", "utf-8")


def asked_pairs(phrasings: Phrasings) -> tuple[list[str], list[str], Ints]:
    """Each phrasing with the sentence that answers it, and with the next phrasing of it; and the number of their entry."""
    left, right, key = [], [], []
    for number, entry in enumerate(phrasings.known):
        for ask, other in zip(entry.asks, (*entry.asks[1:], entry.asks[0]), strict=True):
            left += [ask, ask]
            right += [entry.quote, other]
            key += [number, number]
    return left, right, np.array(key, dtype=np.int64)


def _nominal(pieces: Pieces) -> tuple[list[str], list[str]]:
    """Nouns in -ing and their verbs: "radicalisering", "radicaliseren"."""
    pairs = [(p, f"{p[:-3]}en") for p in pieces if len(p) > 6 and p.endswith("ing") and f"{p[:-3]}en" in pieces]
    return [noun for noun, _ in pairs], [verb for _, verb in pairs]


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description="Train the bundled Dutch embedding.")
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ and lexicon/")
    parser.add_argument("--out", type=Path, required=True, help="folder of the model")
    wanted = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    begin = time.monotonic()

    def tell(what: str) -> None:
        print(f"{time.monotonic() - begin:5.0f} s  {what}", flush=True)

    lists, shelf = read_lists(wanted.data), Shelf()
    pairs = list(json_lines(wanted.data / "train" / "pairs.jsonl.gz"))
    left, right = shelf.texts(p["anchor"] for p in pairs), shelf.texts(p["positive"] for p in pairs)
    kinds = np.array([p["source"].partition(":")[0] for p in pairs])
    laws = shelf.texts(law["text"] for law in json_lines(wanted.data / "train" / "laws.jsonl.gz"))
    tell(f"read {len(pairs):,} pairs and {len(laws.items):,} words of law")
    asks, answers, entries = asked_pairs(parse_phrasings(PHRASINGS.read_bytes()))
    asked, answering = shelf.texts(asks), shelf.texts(answers)
    seen = np.bincount(laws.items, minlength=len(shelf.numbers))
    bridged = [shelf.numbers[english] for english, _ in lists.bridge if english in shelf.numbers]
    wanted_too = np.bincount(asked.items, minlength=len(shelf.numbers))
    wanted_too[bridged] = 0  # an English word of a phrasing stays on the row of its Dutch one
    seen += ASKED_COUNT * wanted_too
    pieces = make_pieces(lists, {w: int(seen[n]) for w, n in shelf.numbers.items() if seen[n] >= 8}, Stems())
    tell(f"{len(pieces):,} pieces for {pieces.rows:,} rows")
    nouns, verbs = map(shelf.texts, _nominal(pieces))
    speller = Speller(pieces, list(shelf.numbers))
    left, right, laws, nouns, verbs, asked, answering = map(speller.rows, (left, right, laws, nouns, verbs, asked, answering))
    rows = start_rows(laws, pieces.rows)
    tell("rows have their start")
    rows = train(rows, sources(left, right, kinds, laws, (nouns, verbs), (asked, answering, entries)))
    write_model(wanted.out, pieces, finish(rows, laws))
    tell(f"written to {wanted.out.name}")


if __name__ == "__main__":
    main()
