"""From a question to a cited answer, on a small corpus."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from assistant.answer import Assistant, shortened
from assistant.model import Answer, Masked, Turn
from assistant.render import as_json, as_text
from tests.fakes import TODAY, NoMask, assistant_on, released, shelved, small_corpus


@pytest.fixture(scope="module")
def helper(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    home = tmp_path_factory.mktemp("answers")
    released(home / "home", small_corpus(home / "texts"))
    return assistant_on(home / "home")


def words(answer: Answer) -> str:
    return " ".join(s.text for s in answer.sentences)


def test_the_valid_version_answers_and_the_expired_one_never_does(helper: Assistant) -> None:
    answer = helper.ask("Hoe lang bewaren we een dossier?")
    assert answer.status == "answered"
    assert "12 maanden" in words(answer)
    assert "24" not in as_text(answer)
    assert {c.source for c in answer.citations} == {"N01@3.0"}


ASKING = ("hoe lang", "mag ik", "wie", "wanneer", "wat staat er in", "moet", "en", "how long", "waarom", "welke", "")
QUESTIONS = int(os.environ.get("VRAAGBAAK_QUESTIONS", "2000"))  # read on import: each test gets a clean environment


def made_up(dice: random.Random, words: Sequence[str]) -> str:
    """A question of an opening and one to eight words of the texts, one in five of them with a typing error."""
    chosen = [dice.choice(words) for _ in range(dice.randint(1, 8))]
    for i, word in enumerate(chosen):
        if dice.random() < 0.2 and len(word) > 3:
            at = dice.randrange(len(word) - 1)
            chosen[i] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join((dice.choice(ASKING), *chosen)) + dice.choice(("?", "", ".", "!"))


def quotes_wrong(assistant: Assistant, questions: Iterable[tuple[str, Sequence[Turn]]]) -> tuple[int, list[str]]:
    """How many quotes were shown, and those that are not the canonical text at their offsets, or hold no sentence that cites them."""
    seen, wrong = 0, []
    for question, before in questions:
        answer = assistant.ask(question, before)
        for citation in answer.citations:
            seen += 1
            if assistant.current().shelf.document(citation.source).text[citation.start : citation.end] != citation.quote:
                wrong.append(question)
        if not all(any(s.text in answer.citation(key).quote for key in s.citations) for s in answer.sentences):
            wrong.append(question)
    return seen, wrong


def test_every_quote_is_the_canonical_text_at_its_offsets(helper: Assistant) -> None:
    for question in ("Hoe lang bewaren we een dossier?", "wat staat er in een contactnotitie", "voicemail terugbellen"):
        seen, wrong = quotes_wrong(helper, [(question, ())])
        assert seen
        assert wrong == []


def test_quotes_for_two_thousand_made_up_questions_are_the_canonical_text_at_their_offsets(tmp_path: Path) -> None:
    folder = small_corpus(tmp_path / "texts")
    (folder / "kaart.md").write_text(PARTNERS + TOWNS.replace("# Sociale kaart\n", ""), "utf-8")
    released(tmp_path / "home", folder)
    opened = shelved(tmp_path / "home")
    bold = replace(opened, calibration=replace(opened.calibration, threshold=0.0))  # shows something for nearly every question
    dice = random.Random(11)
    words = sorted({word for path in folder.glob("*.md") for word in path.read_text("utf-8").split()})
    asked = [(made_up(dice, words), [Turn(made_up(dice, words))] if dice.random() < 0.3 else []) for _ in range(QUESTIONS)]
    seen, wrong = quotes_wrong(Assistant(lambda: bold, NoMask(), lambda: TODAY), asked)
    assert wrong == []
    assert seen > QUESTIONS


def test_every_sentence_has_a_citation_that_holds_it(helper: Assistant) -> None:
    answer = helper.ask("wat staat er in een contactnotitie?")
    for sentence in answer.sentences:
        assert sentence.citations
        assert any(sentence.text in answer.citation(key).quote for key in sentence.citations)


def test_a_list_comes_whole_with_the_sentence_that_introduces_it(helper: Assistant) -> None:
    text = words(helper.ask("wat staat er in een contactnotitie?"))
    for part in ("In een contactnotitie staan:", "de feiten van het gesprek;", "de afspraken die zijn gemaakt;", "geen namen en geen BSN."):
        assert part in text


PARTNERS = """# Sociale kaart

## Landelijk

| Partner | Waarvoor | Wie mag bellen | Wat gebeurt er daarna |
| --- | --- | --- | --- |
| Luisterlijn | Een gesprek wanneer iemand zijn verhaal kwijt wil | Iedereen, op elk moment van de dag of de nacht | Er wordt geluisterd, zonder naam en zonder verslag |
| Rechtswinkel | Uitleg over regels, boetes en brieven van instanties | Iedereen met een vraag over recht | Een student zoekt uit wat de regels zijn en belt terug |
| Belastingtelefoon | Vragen over toeslagen en over de aangifte | Iedereen, van maandag tot en met donderdag overdag | Een medewerker zoekt de gegevens op en belt niet terug |
"""


def test_of_a_table_of_partners_only_those_are_shown_that_come_near_the_one_that_answers(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "kaart.md").write_text(PARTNERS, "utf-8")
    released(tmp_path / "home", folder)
    shown = assistant_on(tmp_path / "home").ask("wie geeft uitleg over boetes en brieven van instanties?").sentences
    assert [s.text.partition(" | ")[0] for s in shown] == ["Rechtswinkel"]


TOWNS = """# Sociale kaart

## Steun voor ouders in de gemeenten

| Gemeente | Steun voor ouders |
| --- | --- |
| Duinstad | Oudergroep in het buurthuis |
| Rivierveen | Wijkteam op afspraak |
| Oosterwaard | Jeugdteam bij de school |
"""


@pytest.mark.parametrize(
    ("question", "towns"),
    [
        ("Welke steun voor ouders heeft de gemeente Rivierveen?", ["Rivierveen"]),
        ("Welke steun voor ouders heeft de gemeente Rivierveen of Oosterwaard?", ["Rivierveen", "Oosterwaard"]),
        ("Welke steun voor ouders heeft elke gemeente?", ["Duinstad", "Rivierveen", "Oosterwaard"]),
        ("Welke steun heeft de gemeente voor ouders met 2 kinderen?", ["1", "2", "3"]),
    ],
)
def test_of_a_table_the_rows_are_shown_that_the_question_names(tmp_path: Path, question: str, towns: list[str]) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    numbered = TOWNS.replace("Duinstad", "1").replace("Rivierveen", "2").replace("Oosterwaard", "3")
    (folder / "kaart.md").write_text(numbered if towns[0] == "1" else TOWNS, "utf-8")
    released(tmp_path / "home", folder)
    shown = assistant_on(tmp_path / "home").ask(question).sentences
    assert [s.text.partition(" | ")[0] for s in shown] == towns


def test_what_changed_is_said_with_its_date(helper: Assistant) -> None:
    notices = {n.kind: n.text for n in helper.ask("Hoe lang bewaren we een dossier?").notices}
    assert "1 maart 2026" in notices["changed_since"]


def test_a_question_the_corpus_does_not_answer_gets_no_sentence_but_somebody_to_ask(helper: Assistant) -> None:
    answer = helper.ask("Welke kleur verf past bij een babykamer op zolder?")
    assert answer.status == "no_answer"
    assert not answer.sentences
    assert not answer.citations
    assert answer.pointers
    assert "nothing_found" in {n.kind for n in answer.notices}


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("Hoe lang bewaren we een dossier? En welke verf past bij een babykamer?", "welke verf past bij een babykamer"),
        ("De oma houdt van tuinieren en breien. Hoe lang bewaren we een dossier? En wanneer wordt het vernietigd?", ""),
    ],
)
def test_of_two_questions_the_one_that_is_left_open_is_named_and_never_what_was_told_before(tmp_path: Path, question: str, missing: str) -> None:
    released(tmp_path / "home", small_corpus(tmp_path / "texts"))
    opened = shelved(tmp_path / "home")
    bold = replace(opened, calibration=replace(opened.calibration, threshold=0.0))
    answer = Assistant(lambda: bold, NoMask(), lambda: TODAY).ask(question)
    assert answer.status == ("partly" if missing else "answered")
    assert missing in "".join(n.text.lower() for n in answer.notices if n.kind == "part_missing")
    assert missing or "part_missing" not in {n.kind for n in answer.notices}


def test_before_a_version_starts_the_older_one_answers_only_if_it_was_valid(tmp_path: Path) -> None:
    released(tmp_path / "home", small_corpus(tmp_path / "texts"))
    opened = shelved(tmp_path / "home")
    early = Assistant(lambda: opened, NoMask(), lambda: date(2026, 1, 1))
    assert "N01@3.0" not in {h.passage.source for h in early.ask("Hoe lang bewaren we een dossier?").hits}


def test_a_follow_up_is_understood_from_the_question_before_it(helper: Assistant) -> None:
    answer = helper.ask("en hoe snel?", [Turn("Wanneer beantwoord ik een voicemail?")])
    assert "24 uur" in words(answer)


def test_the_json_contract_holds_every_field_and_round_trips(helper: Assistant) -> None:
    import json

    row = json.loads(json.dumps(as_json(helper.ask("Hoe lang bewaren we een dossier?"), "7")))
    assert list(row) == [
        "schema", "id", "question", "status", "card", "confidence", "release", "sentences", "citations", "hits", "notices",
        "pointers", "timings_ms",
    ]  # fmt: skip
    assert row["id"] == "7"
    assert list(row["citations"][0]) == [
        "key", "source", "title", "version", "path", "heading", "pages", "quote", "start", "end", "passage",
    ]  # fmt: skip
    assert row["citations"][0]["source"] == "N01"
    assert list(row["hits"][0]) == ["passage", "source", "path", "rank", "score", "text"]
    assert {"total", "retrieve"} <= set(row["timings_ms"])


def test_the_masker_is_told_which_names_the_texts_have(tmp_path: Path) -> None:
    said: list[bool] = []

    class Asks(NoMask):
        def mask(self, text: str, named: Callable[[str], bool] | None = None) -> Masked:
            said.extend(named(words) for words in ("Duinstad", "duinstad Rivierveen", "Timboektoe", "Duinstad Timboektoe", "Huizen", "") if named)
            return Masked(text)

    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "kaart.md").write_text(TOWNS + "\nIn veel huizen is ruzie.\n", "utf-8")  # the town of that name is not meant
    released(tmp_path / "home", folder)
    helper = assistant_on(tmp_path / "home")
    Assistant(helper.current, Asks(), helper.today).ask("Wat is er voor ouders?")
    assert said[:6] == [True, True, False, False, False, False]


@pytest.mark.parametrize("text", ["", " ", "?", "\x00\ud800\u202e", "a" * 100_000, "🙂" * 500, "<script>alert(1)</script>", "'; DROP TABLE passage; --"])
def test_odd_questions_never_raise(helper: Assistant, text: str) -> None:
    assert helper.ask(text).status in ("answered", "partly", "no_answer", "card")


def test_a_long_question_is_read_at_both_ends() -> None:
    text = "begin " + "x " * 5000 + "einde"
    assert shortened(text).startswith("begin")
    assert shortened(text).endswith("einde")
    assert len(shortened(text)) < 4100
