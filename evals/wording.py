"""The words of the report, Dutch and English, in one place."""

from __future__ import annotations

from typing import Literal

Language = Literal["nl", "en"]
LANGUAGES: tuple[Language, ...] = ("nl", "en")

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("Hoe goed zijn de antwoorden?", "How good are the answers?"),
    "switch": ("English", "Nederlands"),
    "made": (
        "Gemeten op {day} met {items} vragen ({removed} keer zonder het antwoord), deel {split}",
        "Measured on {day} with {items} questions ({removed} times without the answer), split {split}",
    ),
    "open": ("Dit mag naar buiten.", "This may go out."),
    "closed": ("Dit mag nog niet naar buiten.", "This may not go out yet."),
    "unaccepted": (
        "Er is nog geen goedgekeurde meting om mee te vergelijken.",
        "There is no accepted run to compare with yet.",
    ),
    "figures": ("De cijfers", "The figures"),
    "figures_how": (
        "Achter elk cijfer staat tussen welke waarden het vrijwel zeker ligt. Rood haalt de ondergrens niet.",
        "Behind each figure stands the range it almost certainly lies in. Red is under the floor.",
    ),
    "figure": ("Cijfer", "Figure"),
    "meaning": ("Wat het zegt", "What it says"),
    "value": ("Waarde", "Value"),
    "range": ("Ligt tussen", "Lies between"),
    "count": ("Aantal", "Count"),
    "floor": ("Ondergrens", "Floor"),
    "change": ("Verschil", "Change"),
    "trend": ("Verloop", "History"),
    "types": ("Per soort vraag", "Per type of question"),
    "types_how": (
        "Hoe ver de vragen van deze soort boven of onder het geheel zitten; de streep is de onzekerheid.",
        "How far questions of this type are above or below the whole; the line is the uncertainty.",
    ),
    "funnel": ("Waar gaat het mis?", "Where does it go wrong?"),
    "funnel_how": (
        "Per vraag de eerste stap waar een onmisbaar feit kwijtraakte.",
        "For each question the first step at which a vital fact got lost.",
    ),
    "risk": ("Zwijgen of antwoorden", "Silent or answering"),
    "risk_how": (
        "Links beantwoordt hij alleen waar hij heel zeker van is. De stip is de gekozen grens.",
        "On the left it answers only what it is very sure of. The dot is the chosen threshold.",
    ),
    "pr": ("Terecht zwijgen", "Rightly silent"),
    "pr_how": (
        "Hoeveel van het zwijgen terecht is, tegen hoeveel van de vragen zonder antwoord hij herkent.",
        "How much of the silence is right, against how many unanswerable questions it recognises.",
    ),
    "reliability": ("Klopt zijn zekerheid?", "Is its confidence right?"),
    "reliability_how": (
        "Op de lijn: van wat hij 80 % zeker noemt, klopt 80 %.",
        "On the line: of what it calls 80 % sure, 80 % is right.",
    ),
    "depth": ("Hoe diep moet je zoeken?", "How deep must you look?"),
    "depth_how": (
        "Deel van de onmisbare feiten dat bij de eerste k stukken staat, en dat getoond is.",
        "Share of the vital facts among the first k passages, and shown.",
    ),
    "wordings": ("Zelfde vraag, andere woorden", "Same question, other words"),
    "wordings_how": (
        "Per soort bewoording: gemiddelde en de slechtste bewoording van dezelfde vraag.",
        "Per kind of wording: mean, and the worst wording of the same question.",
    ),
    "speed": ("Hoe snel?", "How fast?"),
    "speed_how": (
        "Deel van de antwoorden dat binnen zoveel milliseconden klaar was.",
        "Share of the answers ready within so many milliseconds.",
    ),
    "history": ("Eerdere metingen", "Earlier runs"),
    "history_how": ("Een verticale lijn: de teksten zijn veranderd.", "A vertical line: the texts changed."),
    "ablation": ("Wat is elk onderdeel waard?", "What is each part worth?"),
    "flips": ("Vragen die omsloegen", "Questions that flipped"),
    "worse": ("Slechter geworden", "Became worse"),
    "better": ("Beter geworden", "Became better"),
    "failed": ("Vragen die niet goed gaan", "Questions that go wrong"),
    "failed_how": (
        "Links wat er had moeten staan, rechts wat er getoond is.",
        "On the left what should be there, on the right what was shown.",
    ),
    "expected": ("Verwacht", "Expected"),
    "shown": ("Getoond", "Shown"),
    "silent": ("(geen antwoord)", "(no answer)"),
    "before": ("Eerst", "Before"),
    "after": ("Nu", "Now"),
    "no_flips": ("Geen enkele vraag sloeg om.", "No question flipped."),
    "unjudged": ("Nog te bekijken", "To be looked at"),
    "unjudged_how": (
        "Getoonde stukken waarvan nog niemand heeft gezegd of ze bij de vraag horen; ze tellen nu als fout.",
        "Passages shown of which nobody has said whether they belong to the question; they count as wrong now.",
    ),
    "reasons": ("Waarom", "Why"),
    "ours": ("zekerheid", "confidence"),
    "actual": ("klopt", "is right"),
    "coverage": ("deel beantwoord", "share answered"),
    "wrong_share": ("deel fout", "share wrong"),
    "precision": ("terecht", "right"),
    "recall": ("herkend", "recognised"),
    "questions": ("vragen", "questions"),
    "milliseconds": ("milliseconden", "milliseconds"),
    "share": ("deel", "share"),
    "passages": ("eerste k stukken", "first k passages"),
    "mean": ("gemiddeld", "mean"),
    "worst": ("slechtste", "worst"),
    "displayed": ("getoond", "shown"),
    "answered": ("goed getoond", "shown"),
    "not in the corpus": ("staat er niet in", "not in the corpus"),
    "not among 50": ("niet gevonden", "not found"),
    "not among 5": ("gevonden, te laag", "found, too low"),
    "kept silent": ("ten onrechte stil", "wrongly silent"),
    "card instead": ("noodkaart in plaats van antwoord", "card instead"),
    "not shown": ("gevonden, niet getoond", "found, not shown"),
    "single": ("gewone vraag", "plain question"),
    "multi": ("meer delen", "several parts"),
    "table": ("tabel", "table"),
    "followup": ("vervolgvraag", "follow-up"),
    "ambiguous": ("dubbelzinnig", "ambiguous"),
    "superseded": ("oude versie", "old version"),
    "conflict": ("tegenspraak", "conflict"),
    "near_domain": ("lijkt erop, staat er niet", "near, not there"),
    "out_of_scope": ("hoort er niet bij", "out of scope"),
    "judgement": ("oordeel gevraagd", "judgement asked"),
    "emergency": ("nood", "emergency"),
    "personal_data": ("persoonsgegevens", "personal data"),
    "attack": ("aanval", "attack"),
    "removed": ("antwoord weggehaald", "answer removed"),
    "direct": ("letterlijk", "direct"),
    "paraphrase": ("andere woorden", "paraphrase"),
    "colloquial": ("spreektaal", "colloquial"),
    "typo": ("typefouten", "typos"),
    "lexical_gap": ("heel andere woorden", "lexical gap"),
    "english": ("Engels", "English"),
}


def say(key: str, language: Language, **values: object) -> str:
    """The words for a key; the key itself when there are none."""
    pair = _WORDS.get(key)
    return (pair[LANGUAGES.index(language)] if pair else key).format(**values)
