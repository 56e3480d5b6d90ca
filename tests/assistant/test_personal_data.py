"""Personal data is hidden before anything else sees it, and ordinary words stay."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.personal_data import PLACEHOLDERS, Masker
from assistant.personal_patterns import is_bsn, is_iban
from assistant.wording import KINDS
from evals.guard_report import of_masker, rows

CORPUS_TERMS = (
    "Landelijk Steunpunt Extremisme, Veilig Thuis, Platform JEP, het LSE, 113 Zelfmoordpreventie",
    "Slachtofferhulp Nederland en Halt",
    "de Raad voor de Kinderbescherming en het Zorg- en Veiligheidshuis",
    "maandag 3 maart, dinsdag 12 mei en de nieuwsbrief van maart 2026",
    "Turks, Arabisch, Darija, Somalisch en Pools; islam, christendom en jodendom; Nederland, Marokko en Syrië",
    "zoon is naar Mali, het gezin komt uit Tunesië, Libanon en Tsjetsjenië",
    "moeder spreekt alleen Sorani, Pasjtoe of Oromo, regel asap een tolk",
    "de coördinator, de achterwacht, de vertrouwenspersoon, de tolk en de wijkagent lezen H07, N01 en N02",
    "binnen 24 uur, 12 maanden, 0,23 euro, 9.00-22.00, versie 2.1, bel 112",
)


@pytest.fixture(scope="module")
def masker() -> Masker:
    return Masker()


def test_personal_data_of_the_dev_phrases_is_found_without_the_library(masker: Masker) -> None:
    found = {share.name: share.value for share in of_masker("dev", masker)}
    assert found["personal data: recall of spans"] >= 0.97
    assert found["personal data: words hidden without need"] <= 0.01


def test_ordinary_questions_of_the_other_sets_stay_as_they_are(masker: Masker) -> None:
    texts = [row["text"] for name in ("crisis", "judgement", "injection") for row in rows(name, "dev")]
    hidden = sum(len(text[s.start : s.end].split()) for text in texts for s in masker.spans(text))
    assert hidden / sum(len(text.split()) for text in texts) <= 0.01


@pytest.mark.parametrize("text", CORPUS_TERMS)
def test_the_terms_of_the_handbook_are_no_persons(masker: Masker, text: str) -> None:
    assert masker.mask(text).text == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("moeder van mohamed benali belt", "moeder van [naam] belt"),
        ("haar zoon younes wil niet", "haar zoon [naam] wil niet"),
        ("mevrouw el idrissi vraagt om inzage", "mevrouw [naam] vraagt om inzage"),
        ("ze heet fatima", "ze heet [naam]"),
        ("bel 06 12 34 56 78 of +31 6 12345678", "bel [telefoonnummer] of [telefoonnummer]"),
        ("BSN 123456782 en NL91ABNA0417164300", "BSN [BSN] en [rekeningnummer]"),
        ("Voorbeeldstraat 12, 1234 AB Duinstad", "[adres], [postcode] [plaats]"),
        ("geboren op 3 maart 2008", "geboren op [geboortedatum]"),
        ("insta @voorbeeld_naam123, mail a.b@example.nl", "insta [account], mail [e-mail]"),
        ("kenteken 12-ABC-3", "kenteken [kenteken]"),
        ("kijk op instagram.com/naam.van.hem", "kijk op [webadres]"),
        ("moeder wil praten over haar zoon", "moeder wil praten over haar zoon"),
        ("het nummer 123456789 is geen BSN", "het nummer 123456789 is geen BSN"),
        ("bel 0800-0113 of 112", "bel 0800-0113 of 112"),
        ("training op 12 mei 2026", "training op 12 mei 2026"),
    ],
)
def test_what_is_hidden_and_what_stays(masker: Masker, text: str, masked: str) -> None:
    if "Duinstad" in text:
        assert masker.mask("in " + text.split()[-1]).text == "in [plaats]"
        text, masked = text.rsplit(" ", 1)[0], masked.rsplit(" ", 1)[0]
    assert masker.mask(text).text == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Wat is er voor ouders in Duinstad?", "Wat is er voor ouders in Duinstad?"),
        ("Wat is er voor ouders in Apeldoorn?", "Wat is er voor ouders in [plaats]?"),
        ("Fatima Voorbeeldsma uit Duinstad belt", "[naam] uit [plaats] belt"),
        ("Een moeder van vier uit Duinstad, de enige bakker daar", "Een moeder van vier uit [plaats], de enige bakker daar"),
    ],
)
def test_a_place_that_the_texts_name_stays_where_nobody_can_be_recognised_by_it(masker: Masker, text: str, masked: str) -> None:
    assert masker.mask(text, lambda place: place == "Duinstad").text == masked


def test_what_was_found_is_reported_by_kind_and_never_by_content(masker: Masker) -> None:
    found = masker.mask("Samira Voorbeeldsma (06-12345678) belt").found
    assert found == (("name", "[naam]"), ("phone", "[telefoonnummer]"))


def test_every_kind_has_a_placeholder_and_words_for_the_reader() -> None:
    assert all(kind in KINDS[language] for kind in PLACEHOLDERS for language in KINDS)


def test_a_masked_text_has_nothing_left_to_mask(masker: Masker) -> None:
    for row in rows("personal_data", "dev"):
        masked = masker.mask(row["text"]).text
        assert masker.mask(masked).text == masked


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_masked_and_the_rest_stays_letter_by_letter(text: str) -> None:
    masker = Masker()
    spans = masker.spans(text)
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    assert all(a.end <= b.start for a, b in zip(spans, spans[1:], strict=False))
    left = masker.mask(text).text
    for span in spans:
        left = left.replace(PLACEHOLDERS[span.kind], "", 1)
    assert len(left) == len(text) - sum(s.end - s.start for s in spans)


def test_the_checksums_refuse_a_changed_digit() -> None:
    assert is_bsn("123456782")
    assert not is_bsn("123456783")
    assert not is_bsn("111111111")
    assert is_iban("NL91 ABNA 0417 1643 00")
    assert not is_iban("NL91 ABNA 0417 1643 01")


def test_a_rare_combination_is_warned_about_and_a_plain_question_is_not(masker: Masker) -> None:
    assert masker.indirect_hint("de zoon van de bakker in ons dorp is 16 jaar en zit op het vmbo")
    assert not masker.indirect_hint("hoe lang mag een eerste gesprek duren?")
    assert not masker.indirect_hint("zoon van 16 trekt zich terug")


def test_deduce_is_loaded_once_from_its_own_folder_and_touches_no_logging(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    masker = Masker(cache=tmp_path / "deduce")
    assert not masker.ready
    workers = [threading.Thread(target=masker.wait) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert masker.ready
    assert (root.level, list(root.handlers)) == before
    out, error = capfd.readouterr()
    assert "loaded and built" not in out + error
    assert "[naam]" in masker.mask("ik sprak met Jelle Hoekstra").text
    assert not any(b"Jelle Hoekstra" in path.read_bytes() for path in (tmp_path / "deduce").rglob("*.pickle"))


def test_a_damaged_cache_is_built_again(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "lookup_structs.pickle").write_bytes(b"broken")
    assert Masker(cache=tmp_path).wait()


def test_without_the_library_the_other_layers_still_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(cache: Path | None) -> object:
        raise ImportError("no deduce")

    monkeypatch.setattr("assistant.personal_data._load_deduce", broken)
    masker = Masker()
    assert not masker.wait()
    assert masker.mask("haar zoon younes, 06-12345678").text == "haar zoon [naam], [telefoonnummer]"
