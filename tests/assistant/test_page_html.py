"""What a reader gets to see of an answer: everything escaped, every sentence with its source, the card before everything."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import page_html
from assistant.model import Answer, Card, Citation, Language, Notice, Question, Sentence
from assistant.page import conversation_from, conversation_to
from assistant.page_html import Context
from assistant.render import as_json, as_markdown, as_text
from assistant.simpler import Plain
from assistant.ui_wording import TEXTS
from corpus.model import Hit, Passage, Source

TODAY = date(2026, 11, 23)
NASTY = '<script>alert("x")</script><img src=x onerror=alert(1)> & "aanhaling" \'s'
SOURCE = Source("N01", "Werkinstructie", "3.0", "geldig", "n01.md", valid_from=date(2026, 3, 1))
CONTEXT = Context(TODAY, codes=frozenset({"N01", "H08"}))


def cited(text: str, *, title: str = SOURCE.title, heading: str = "Bewaren", language: Language = "nl") -> Answer:
    """An answer of one sentence, with one citation."""
    source = replace(SOURCE, title=title)
    citation = Citation("B1", source.key, "p0123456789", (heading,), (4,), f"Vooraf. {text} Daarna.", 100, 100 + len(text) + 16)
    question = Question("Hoe lang?", "Hoe lang?", language=language)
    return Answer(question, "answered", sentences=(Sentence(text, ("B1",)),), citations=(citation,), sources={source.key: source}, release=3)


class Tags(HTMLParser):
    """The tags and the words of a piece of HTML; complains about what is not closed."""

    VOID = frozenset({"br", "img", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)
        assert self.open == [], f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> without a beginning"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def test_nothing_of_a_question_or_document_runs_as_markup() -> None:
    answer = cited(NASTY, title=NASTY, heading=NASTY)
    answer = replace(
        answer,
        question=replace(answer.question, text=NASTY),
        card=Card("crisis", "x", NASTY, (NASTY,)),
        notices=(Notice("personal_data", NASTY),),
        pointers=(NASTY,),
    )
    plain = Plain("word", "N01@3.0", 1, 2, NASTY)
    source = replace(SOURCE, title=NASTY)
    shown = page_html.turn(answer, replace(CONTEXT, simpler=(plain,), sources=(("N01@3.0", source),)), 1)
    tags = Tags(shown)
    assert {t for t, _ in tags.tags} <= set("article h2 h3 span section div a ul li p button aside ol br dl dt dd".split())
    assert not [a for _, attrs in tags.tags for a in attrs if a.startswith("on")]
    assert not re.search(r"<(script|img)", shown, re.IGNORECASE)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_characters="\r\x00", exclude_categories=["Cs"]), max_size=80))
def test_any_words_come_out_as_the_same_words(sentence: str) -> None:
    words = f"woord {sentence} woord"
    shown = page_html.sentences_html(cited(words), CONTEXT)
    assert Tags(re.sub(r"<button.*?</button>", "", shown, flags=re.DOTALL)).words == words


def test_every_sentence_is_shown_word_for_word_with_a_button_for_its_words() -> None:
    answer = cited("Een dossier bewaar je 12 maanden.")
    shown = page_html.turn(answer, CONTEXT, 1)
    assert "Een dossier bewaar je 12 maanden." in re.sub(r"<[^>]*>", "", shown.split("vb-answer")[1])
    button = next(a for t, a in Tags(shown).tags if a.get("class") == "vb-cite")
    citation = answer.citations[0]
    start, end = int(str(button["data-van"])), int(str(button["data-tot"]))
    assert citation.quote[start - citation.start : end - citation.start] == "Een dossier bewaar je 12 maanden."
    assert button["data-bron"] == "N01@3.0"
    assert "Werkinstructie" in str(button["aria-label"])


def test_a_sentence_that_was_written_anew_opens_the_whole_quotation() -> None:
    answer = replace(cited("Een dossier bewaar je 12 maanden."), sentences=(Sentence("Bewaar een dossier 12 maanden.", ("B1",)),))
    button = next(a for t, a in Tags(page_html.turn(answer, CONTEXT, 1)).tags if a.get("class") == "vb-cite")
    citation = answer.citations[0]
    assert (button["data-van"], button["data-tot"]) == (str(citation.start), str(citation.end))


def test_the_card_stands_before_the_answer_and_112_can_be_called() -> None:
    card = Card("crisis", "acuut", "Is er nu gevaar? Bel 112", ("Bel 112. De stappen staan in H08.", "Kijk in X99."))
    shown = page_html.turn(replace(cited("Blijf rustig."), card=card), CONTEXT, 1)
    assert shown.index("vb-crisis") < shown.index("vb-answer")
    calls = [a for t, a in Tags(shown).tags if t == "a" and a.get("href") == "tel:112"]
    assert len(calls) == 2, "a button, and the number in the line"
    assert '<a href="/kennisbank/H08"' in shown
    assert "X99" in shown
    assert "/kennisbank/X99" not in shown, "a code that is not in this release is no link"


def test_a_judgement_card_is_no_alarm() -> None:
    card = Card("judgement", "oordeel", "Dit beslis je niet alleen", ("Weeg het samen.",))
    shown = page_html.turn(replace(cited("Weeg."), card=card, status="card", sentences=(), citations=()), CONTEXT, 1)
    assert "vb-112" not in shown
    assert 'role="alert"' not in shown


def test_a_card_alone_shows_no_answer_and_no_empty_places() -> None:
    card = Card("crisis", "acuut", "Bel 112", ("Bel 112.",))
    shown = page_html.turn(replace(cited("x"), card=card, status="card", sentences=(), citations=()), CONTEXT, 1)
    assert "vb-answer" not in shown
    assert "vb-none" not in shown
    assert "vb-sources" not in shown


def test_hidden_personal_data_is_visible_as_hidden_with_the_reason() -> None:
    question = Question("Moeder [naam] belt [naam] op", "x", masked=(("name", "[naam]"), ("name", "[naam]")))
    shown = page_html.turn(replace(cited("Ja."), question=question), CONTEXT, 1)
    hidden = [a for t, a in Tags(shown).tags if a.get("class") == "vb-masked"]
    assert len(hidden) == 2
    assert all("niet bewaard" in str(a["title"]) for a in hidden)


def test_without_an_answer_the_nearest_passages_can_be_read() -> None:
    passage = Passage("p0123456789", SOURCE.key, ("Bewaren",), (), 5, 60, "Een dossier bewaar je 12 maanden na afsluiting.")
    answer = Answer(
        Question("Peru?", "Peru?"), "no_answer", sources={SOURCE.key: SOURCE}, hits=(Hit(passage, 0.4, 1.0, 0.2, 1),),
        notices=(Notice("nothing_found", "Hierover staat niets in de kennisbank."),), pointers=("Overleg met je coördinator.",),
    )  # fmt: skip
    shown = page_html.turn(answer, CONTEXT, 1)
    assert "Hierover staat niets in de kennisbank." in shown
    assert "Overleg met je coördinator." in shown
    assert 'data-van="5"' in shown
    assert "Leg eenvoudiger uit" not in shown


def test_a_table_row_is_read_with_its_column_headings() -> None:
    row = Sentence("Dossier | 12 maanden |", ("B1",), "table_row", ("Wat", "Hoe lang", "Daarna"))
    answer = replace(cited("Dossier | 12 maanden |"), sentences=(replace(row, text="Dossier | 12 maanden | "),))
    shown = page_html.turn(answer, CONTEXT, 1)
    assert "<dt>Hoe lang</dt><dd>12 maanden</dd>" in shown
    assert "<dt>Daarna</dt>" not in shown, "an empty cell says nothing"


def test_neighbouring_list_items_become_one_list() -> None:
    items = tuple(Sentence(t, ("B1",), "list_item") for t in ("de feiten;", "de afspraken."))
    lead = Sentence("In een notitie staan:", ("B1",), "lead_in")
    shown = page_html.sentences_html(replace(cited("x"), sentences=(lead, *items, Sentence("Daarna stop je.", ("B1",)))), CONTEXT)
    assert shown.count("<ul>") == 1
    assert shown.count("<li>") == 2
    assert shown.count("<p>") == 2


def test_the_heading_that_a_list_needs_stands_above_it_in_every_view() -> None:
    items = (Sentence("“Het zal wel meevallen.”", ("B1",), "list_item", heading="Wat je <niet> zegt"), Sentence("“Rustig.”", ("B1",), "list_item"))
    answer = replace(cited("x"), sentences=(Sentence("Bel 112.", ("B1",), "list_item"), *items))
    assert '<h4 class="vb-under">Wat je &lt;niet&gt; zegt</h4><ul><li>' in page_html.sentences_html(answer, CONTEXT)
    assert "- Bel 112. [1]\nWat je <niet> zegt\n- “Het zal" in as_text(answer)
    assert "**Wat je <niet> zegt**\n\n- “Het zal" in as_markdown(answer)
    assert [s["heading"] for s in as_json(answer)["sentences"]] == ["", "Wat je <niet> zegt", ""]


def test_feedback_carries_the_masked_question_and_no_more_than_it_shows() -> None:
    shown = page_html.turn(cited("Ja."), CONTEXT, 1)
    part = next(a for t, a in Tags(shown).tags if a.get("class") == "vb-feedback")
    assert json.loads(str(part["data-wat"])) == {
        "question": "Hoe lang?", "status": "answered", "release": 3, "passages": ["p0123456789"], "shown": ["B1"], "topic": "Werkinstructie",
    }  # fmt: skip
    assert "vb-feedback" not in page_html.turn(cited("Ja."), replace(CONTEXT, feedback=False), 1)


def test_what_is_copied_holds_question_answer_and_sources() -> None:
    copied = page_html.copied(cited("Een dossier bewaar je 12 maanden."))
    assert copied.startswith("Hoe lang?")
    assert "12 maanden. [1]" in copied
    assert "[1] N01 Werkinstructie, versie 3.0, Bewaren, pagina 4" in copied


def test_examples_are_those_the_corpus_can_answer() -> None:
    assert {e.source for e in page_html.examples_for({"N01"})} == {"N01"}
    assert [e.question for e in page_html.examples_for((), ("Waarom?", "Hoe?"))] == ["Waarom?", "Hoe?"]
    assert page_html.examples_html((), "nl") == ""


@pytest.mark.parametrize("name", sorted(TEXTS["nl"]))
def test_every_word_is_there_in_both_languages_with_the_same_blanks(name: str) -> None:
    blanks = [set(re.findall(r"\{(\w+)\}", TEXTS[language][name])) for language in ("nl", "en")]
    assert blanks[0] == blanks[1]
    assert set(TEXTS["nl"]) == set(TEXTS["en"])


def test_a_conversation_survives_the_way_to_the_browser_and_back() -> None:
    from assistant.model import Turn

    turns = tuple(Turn(f"vraag {i}", f"antwoord {i}") for i in range(20))
    kept, number = conversation_from(conversation_to(turns, 20))
    assert number == 20
    assert kept == turns[-12:]


@pytest.mark.parametrize("held", ["", "x", "[]", "{}", '{"n": 1}', '{"n": "a", "turns": []}', '{"n": 1, "turns": [1]}', '{"n": 1, "turns": [["a"]]}', "null", "1e999"])
def test_a_conversation_that_a_browser_made_up_is_an_empty_one(held: str) -> None:
    assert conversation_from(held) == ((), 0)
