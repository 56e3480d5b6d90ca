"""The questions of the evaluation: what a confidant types, what should happen, and which quotes answer it.

evals/items/<topic>.yaml     written by trainers: clusters of wordings, with the facts and quotes they share
evals/splits.json            cluster -> dev or test, frozen, with a hash
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from corpus.errors import UsageError

FOLDER = Path(__file__).parent / "items"
SPLITS = Path(__file__).parent / "splits.json"
CANARY = "vraagbaak-evals-canary-7d1c2a64"  # in every items file; searched for in indexes, packages and training data

Split = Literal["dev", "test"]
Expect = Literal["answer", "partly", "abstain", "clarify", "redirect", "escalate"]
Variant = Literal["direct", "paraphrase", "colloquial", "typo", "lexical_gap", "english"]
Type = Literal[
    "single",
    "multi",
    "table",
    "followup",
    "ambiguous",
    "superseded",
    "conflict",
    "near_domain",
    "out_of_scope",
    "judgement",
    "emergency",
    "personal_data",
    "attack",
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Anchor(_Strict):
    """A quote of 5 to 40 words. grade 2 answers, 1 is useful. The anchors that one nugget names are alternatives."""

    id: str
    doc: str  # CODE, or CODE@VERSION
    exact: str
    prefix: str = ""
    suffix: str = ""
    grade: Literal[1, 2] = 2


class Nugget(_Strict):
    """A fact that the answer must hold (vital) or may hold. Shown when one of the anchors in `by` is shown.

    any_of: groups of words, for sentences a language model wrote; numbers: compared as numbers.
    """

    id: str
    text: str
    vital: bool = True
    by: tuple[str, ...] = ()
    any_of: tuple[tuple[str, ...], ...] = ()
    numbers: tuple[str, ...] = ()


class Forbidden(_Strict):
    """What makes an answer wrong whatever else it says: words, or a source that may not be cited."""

    kind: Literal["phrase", "cite"]
    any_of: tuple[str, ...] = ()
    doc: str = ""


class Item(_Strict):
    """One question with what should happen, as a block of a file and its cluster together say."""

    id: str
    cluster: str
    variant: Variant
    type: Type
    question: str
    history: tuple[str, ...] = ()
    expect: Expect
    card: Literal["", "crisis", "judgement"] = ""  # a card that must be shown beside the answer
    critical: bool = False
    anchors: tuple[Anchor, ...] = ()
    nuggets: tuple[Nugget, ...] = ()
    must_not: tuple[Forbidden, ...] = ()
    nearest: str = ""  # for an abstention: what the knowledge base does say, or who knows
    masked: tuple[str, ...] = ()  # words that must not survive masking
    twin: str = ""  # for an attack: the same question without it
    reviewed_by: tuple[str, ...] = ()
    origin: Literal["real", "authored", "synthetic"] = "authored"
    added: str = ""

    @property
    def answerable(self) -> bool:
        """Whether sentences should be shown."""
        return self.expect in ("answer", "partly", "clarify")

    @property
    def vital(self) -> tuple[Nugget, ...]:
        """The facts without which the answer is not complete."""
        return tuple(n for n in self.nuggets if n.vital)

    @property
    def docs(self) -> tuple[str, ...]:
        """Codes of the documents that answer, most quoted first."""
        codes = [a.doc.partition("@")[0] for a in self.anchors if a.grade == 2]
        return tuple(sorted(set(codes), key=lambda code: (-codes.count(code), code)))


class Asked(_Strict):
    """One wording of a cluster's question. asks: the nuggets this wording asks for; all of them when it says nothing."""

    id: str
    variant: Variant
    question: str
    asks: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    type: Type | None = None  # other than the cluster's
    expect: Expect | None = None
    card: Literal["", "crisis", "judgement"] | None = None
    critical: bool = False
    masked: tuple[str, ...] = ()
    reviewed_by: tuple[str, ...] = ()
    origin: Literal["real", "authored", "synthetic"] = "authored"
    added: str = ""


class Cluster(_Strict):
    """Wordings of one question, with the facts and quotes they share: written once, so that they cannot drift apart."""

    cluster: str
    type: Type
    expect: Expect
    card: Literal["", "crisis", "judgement"] = ""
    nearest: str = ""
    twin: str = ""
    nuggets: tuple[Nugget, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    must_not: tuple[Forbidden, ...] = ()
    items: Annotated[tuple[Asked, ...], Field(min_length=1)]

    def expanded(self) -> tuple[Item, ...]:
        """One item per wording; what a wording does not ask for is merely useful to it."""
        return tuple(self._item(asked) for asked in self.items)

    def _item(self, asked: Asked) -> Item:
        wanted = asked.asks or tuple(n.id for n in self.nuggets)
        nuggets = tuple(n for n in self.nuggets if n.id in wanted)
        needs = {name for n in nuggets for name in n.by}
        anchors = tuple(a if a.id in needs else a.model_copy(update={"grade": 1}) for a in self.anchors)
        return Item(
            id=asked.id,
            cluster=self.cluster,
            variant=asked.variant,
            type=asked.type or self.type,
            question=asked.question,
            history=asked.history,
            expect=asked.expect or self.expect,
            card=self.card if asked.card is None else asked.card,
            critical=asked.critical,
            anchors=anchors,
            nuggets=nuggets,
            must_not=self.must_not,
            nearest=self.nearest,
            masked=asked.masked,
            twin=self.twin,
            reviewed_by=asked.reviewed_by,
            origin=asked.origin,
            added=asked.added,
        )


class ItemFile(_Strict):
    """One YAML file."""

    canary: Literal["vraagbaak-evals-canary-7d1c2a64"]
    clusters: Annotated[tuple[Cluster, ...], Field(min_length=1)]


@lru_cache(maxsize=4)
def load(folder: Path = FOLDER) -> tuple[Item, ...]:
    """All items in order of file and place. UsageError names the file and field that is wrong, or an id that occurs twice."""
    items: list[Item] = []
    for path in sorted(folder.glob("*.yaml")):
        items += [item for cluster in _read(path).clusters for item in cluster.expanded()]
    seen: set[str] = set()
    for item in items:
        if item.id in seen:
            raise UsageError(f"two items are called {item.id}", hint="give each item its own id")
        seen.add(item.id)
    return tuple(items)


def _read(path: Path) -> ItemFile:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return ItemFile.model_validate(YAML(typ="safe").load(path.read_text("utf-8")))
    except YAMLError as error:
        raise UsageError(f"{path.name} is not YAML: {error}", hint="compare it with another file of evals/items") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UsageError(f"{path.name}: {place}: {first['msg']}", hint="the fields are explained in docs/evals.md") from error


def schema() -> dict[str, Any]:
    """JSON Schema of an items file, for editors."""
    return ItemFile.model_json_schema()


# --- splits ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Splits:
    """Which cluster is tuned on (dev) and which is only looked at for a release (test)."""

    clusters: Mapping[str, Split]
    sha256: str

    @classmethod
    def read(cls, path: Path = SPLITS) -> Splits:
        """Read splits.json; UsageError when its hash does not fit its contents: it is frozen."""
        raw = json.loads(path.read_text("utf-8"))
        if split_hash(raw["clusters"]) != raw["sha256"]:
            raise UsageError(f"{path.name} was changed by hand", hint="restore it: a cluster never moves between dev and test")
        return cls(raw["clusters"], raw["sha256"])

    def of(self, item: Item) -> Split:
        """The split of an item; UsageError when its cluster was never drawn."""
        try:
            return self.clusters[item.cluster]
        except KeyError:
            raise UsageError(f"cluster {item.cluster} is in no split", hint="run: vraagbaak evals lint --draw") from None


def split_hash(clusters: Mapping[str, str]) -> str:
    """SHA-256 of who is where."""
    return hashlib.sha256(json.dumps(dict(sorted(clusters.items())), separators=(",", ":")).encode()).hexdigest()


def chosen(items: Sequence[Item], splits: Splits, split: str) -> tuple[Item, ...]:
    """The items of a split, or of both for "all"."""
    return tuple(item for item in items if split == "all" or splits.of(item) == split)


def families(items: Sequence[Item]) -> dict[str, str]:
    """cluster -> family: clusters answered by the same first quote belong together, so that neither split knows the other's."""
    parent = {item.cluster: item.cluster for item in items}

    def root(cluster: str) -> str:
        while parent[cluster] != cluster:
            cluster = parent[cluster]
        return cluster

    first: dict[str, str] = {}
    for item in items:
        for quote in _first_quotes(item):
            other = first.setdefault(quote, item.cluster)
            parent[root(item.cluster)] = root(other)
    return {cluster: root(cluster) for cluster in parent}


def _first_quotes(item: Item) -> list[str]:
    """The first anchor of the first fact."""
    facts = item.vital
    if not facts or not facts[0].by:
        return []
    return [a.doc + " " + a.exact for a in item.anchors if a.id == facts[0].by[0]]


def draw(items: Sequence[Item], known: Mapping[str, Split] | None = None, share: float = 0.6) -> dict[str, Split]:
    """Divide families over dev and test, in each stratum of type and document; clusters that were drawn before stay put."""
    family = families(items)
    drawn: dict[str, Split] = dict(known or {})
    of_family = {family[c]: s for c, s in drawn.items() if c in family}
    weight: dict[tuple[str, str], list[float]] = {}
    for cluster in sorted(family, key=lambda c: hashlib.sha256(family[c].encode()).hexdigest() + c):
        mine = [i for i in items if i.cluster == cluster]
        counts = weight.setdefault(_stratum(mine[0]), [0.0, 0.0])
        if family[cluster] not in of_family:
            of_family[family[cluster]] = "dev" if counts[0] * (1 - share) <= counts[1] * share else "test"
        drawn[cluster] = of_family[family[cluster]]
        counts[drawn[cluster] == "test"] += len(mine)
    return {cluster: drawn[cluster] for cluster in sorted(drawn) if cluster in family}


def _stratum(item: Item) -> tuple[str, str]:
    kind = item.type if not item.answerable or item.type not in ("single", "table", "superseded", "conflict") else "direct"
    return kind, (item.docs[0] if item.docs and kind == "direct" else "")
