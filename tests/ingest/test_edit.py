"""What a trainer may do to the texts, what stays when it fails, and what two trainers at once cannot break."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from assistant.cards import load_cards
from corpus import catalogue
from corpus.embedder import HashEmbedder
from corpus.errors import SourceUnreadable, WriterBusy
from corpus.model import Source
from corpus.release import Manifest, current_number, numbers, open_release, release_folder, writer
from ingest import drafts, edit, proposals, ui_wording, upload
from ingest.build import ingest
from ingest.drafts import Asked, Gate
from ingest.edit import Actor, Bench, Conflict, EditError, NotAllowed
from ingest.upload import Upload
from tests import fakes
from tests.ingest import made

pytestmark = pytest.mark.usefixtures("no_chroma")
TODAY = date(2026, 11, 23)
NEW = Upload("nieuwe regels.md", fakes.BEWAREN.replace("12 maanden", "6 maanden").encode())


@dataclass
class Person:
    """Somebody with a role, and what the log says they did."""

    name: str
    forbidden: tuple[str, ...] = ()
    logged: list[tuple[str, str, Mapping[str, object]]] = field(default_factory=list)

    def actor(self) -> Actor:
        """As the page would pass them on."""
        return Actor(self.name, lambda action: action not in self.forbidden, lambda *row: self.logged.append(row))

    @property
    def actions(self) -> list[str]:
        """What they did, in order."""
        return [action for action, _, _ in self.logged]


def a_bench(tmp_path: Path, *, released: bool = True) -> Bench:
    """A folder of three texts, published once."""
    home, folder = tmp_path / "home", fakes.small_corpus(tmp_path / "teksten")
    if released:
        fakes.released(home, folder)
    build = partial(_build, home)
    return Bench(home, build, str(folder), 1, lambda: TODAY)


def _build(home: Path, folder: Path, **more: object) -> object:
    return ingest(home, folder, HashEmbedder(), defaults=fakes.CARDS, **more)  # type: ignore[arg-type]


def answered(home: Path, question: str = "Hoe lang bewaren we een dossier?") -> str:
    """The sentences a confidant would see."""
    return " ".join(s.text for s in fakes.assistant_on(home).ask(question).sentences)


def n01_now_6_months(bench: Bench, person: Person, version: str = "4.0") -> Source:
    return edit.replace_text(bench, person.actor(), "N01@3.0", Source("", "", version, "geldig", ""), NEW)


# --- texts ----------------------------------------------------------------------------------------------------------------


def test_a_replaced_text_answers_only_after_publishing_and_the_old_version_is_marked_expired(tmp_path: Path) -> None:
    bench, anna = a_bench(tmp_path), Person("anna")
    n01_now_6_months(bench, anna)
    drafts.make_draft(bench, anna.actor())
    draft = drafts.open_draft(bench.home)
    assert draft is not None
    assert "12 maanden" in answered(bench.home)
    drafts.publish(bench, anna.actor(), draft)
    assert "6 maanden" in answered(bench.home)
    with open_release(bench.home) as release:
        assert not release.by_key["N01@3.0"].answers_on(TODAY)
        assert release.by_key["N01@4.0"].supersedes == "N01@3.0"
    assert anna.actions == ["corpus.replace", "corpus.publish"]


def test_rolling_back_lets_the_earlier_release_answer_and_keeps_the_edited_texts(tmp_path: Path) -> None:
    bench, anna = a_bench(tmp_path), Person("anna")
    n01_now_6_months(bench, anna)
    drafts.make_draft(bench, anna.actor())
    draft = drafts.open_draft(bench.home)
    assert draft is not None
    drafts.publish(bench, anna.actor(), draft)
    drafts.roll_back(bench, anna.actor(), 1, 2, "fout in de regel")
    assert "12 maanden" in answered(bench.home)
    assert bench.source("N01@4.0").status == "geldig"
    assert anna.logged[-1] == ("corpus.rollback", "1", {"before": 2, "reason": "fout in de regel"})


def test_editing_a_field_keeps_the_comments_and_the_order_of_the_catalogue(tmp_path: Path) -> None:
    bench, anna = a_bench(tmp_path), Person("anna")
    file = bench.folder / catalogue.FILE
    file.write_text(
        "# van de werkgroep\n" + file.read_text("utf-8").replace('code = "H02"', 'code = "H02"  # niet hernoemen'), "utf-8"
    )
    seen = bench.source("H02@1.0")
    assert edit.edit_fields(bench, anna.actor(), seen, replace(seen, review_by=date(2027, 1, 1))) == ("review_by",)
    text = file.read_text("utf-8")
    assert "# van de werkgroep" in text
    assert "# niet hernoemen" in text
    assert [s.key for s in bench.sources()] == ["N01@3.0", "N01@2.1", "H02@1.0"]
    assert bench.source("H02@1.0").review_by == date(2027, 1, 1)


def test_a_row_that_somebody_else_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    bench, anna, bob = a_bench(tmp_path), Person("anna"), Person("bob")
    seen = bench.source("H02@1.0")
    edit.edit_fields(bench, anna.actor(), seen, replace(seen, owner="Anna"))
    with pytest.raises(Conflict):
        edit.edit_fields(bench, bob.actor(), seen, replace(seen, owner="Bob"))
    assert bench.source("H02@1.0").owner == "Anna"
    assert bob.logged == []


def test_a_change_that_would_break_the_catalogue_changes_nothing_and_leaves_no_file(tmp_path: Path) -> None:
    bench, anna = a_bench(tmp_path), Person("anna")
    before = {p.name: p.read_bytes() for p in bench.folder.iterdir()}
    ends_early = Source("N02", "Nieuw", "1", "geldig", "", valid_from=TODAY, valid_until=date(2020, 1, 1))
    with pytest.raises(EditError, match="not be right"):
        edit.add_text(bench, anna.actor(), ends_early, NEW)
    assert {p.name: p.read_bytes() for p in bench.folder.iterdir()} == before


def test_retiring_a_text_makes_it_silent_after_publishing(tmp_path: Path) -> None:
    bench, anna = a_bench(tmp_path), Person("anna")
    edit.retire_text(bench, anna.actor(), "H02@1.0")
    drafts.make_draft(bench, anna.actor())
    assert [(c.source, c.after) for c in drafts.changes(bench.home, 1, 2)] == [("H02@1.0", "vervallen, tot 2026-11-23")]


def test_erasing_removes_file_row_and_every_trace_in_the_data_directory(tmp_path: Path) -> None:
    bench, anna = a_bench(tmp_path), Person("anna")
    proof = edit.erase_text(bench, anna.actor(), "H02@1.0")
    assert proof is not None
    assert proof.clean
    assert "H02@1.0" not in [s.key for s in bench.sources()]
    assert not (bench.folder / "bellen.md").exists()
    assert anna.actions == ["corpus.erase"]


def test_the_first_change_without_a_folder_of_ones_own_makes_a_copy_of_the_sample(tmp_path: Path) -> None:
    bench, anna = replace(a_bench(tmp_path, released=False), path=""), Person("anna")
    sample = bench.folder / catalogue.FILE
    before = sample.read_bytes()
    seen = bench.source("H01@2.0")
    edit.edit_fields(bench, anna.actor(), seen, replace(seen, owner="iemand anders"))
    assert bench.folder == bench.home / "corpus"
    assert bench.source("H01@2.0").owner == "iemand anders"
    assert sample.read_bytes() == before


def test_a_folder_without_a_catalogue_gets_one_that_says_what_counted_already(tmp_path: Path) -> None:
    folder = tmp_path / "los"
    folder.mkdir()
    (folder / "Over bellen.md").write_text(fakes.BELLEN, "utf-8")
    bench, anna = replace(a_bench(tmp_path, released=False), path=str(folder)), Person("anna")
    known = bench.sources()
    edit.add_text(bench, anna.actor(), Source("N09", "Nieuw", "1", "geldig", ""), NEW)
    assert [s.key for s in bench.sources()] == [*(s.key for s in known), "N09@1"]


# --- uploads --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../../settings.md",
        "..\\..\\windows.md",
        "/etc/passwd.md",
        "a/b/c.md",
        ".verborgen.md",
        "een naam; rm -rf.md",
        "\x00nul.md",
        "é" * 300 + ".md",
    ],
)
def test_an_upload_never_leaves_the_corpus_folder_and_overwrites_nothing(tmp_path: Path, name: str) -> None:
    bench, anna = a_bench(tmp_path), Person("anna")
    outside = {p for p in tmp_path.rglob("*") if not p.is_relative_to(bench.folder)}
    before = {p: p.read_bytes() for p in bench.folder.iterdir() if p.name != catalogue.FILE}
    for number in ("1", "2"):
        edit.add_text(bench, anna.actor(), Source("N09", "Nieuw", number, "geldig", ""), Upload(name, NEW.data))
    assert {p for p in tmp_path.rglob("*") if not p.is_relative_to(bench.folder)} - outside <= {bench.home / "writer.lock"}
    assert {p: p.read_bytes() for p in before} == before
    paths = {s.path for s in bench.sources() if s.code == "N09"}
    assert len(paths) == 2
    assert all(
        (bench.folder / path).read_bytes() == NEW.data and "/" not in path and not path.startswith(".") for path in paths
    )


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("tekst.exe", b"MZ\x90", "niet gelezen"),
        ("tekst.docx", b"%PDF-1.7 ", "een pdf"),
        ("tekst.md", b"\x7fELF\x02\x01", "een programma"),
        ("tekst.txt", b"gewoon\x00niet", "geen leesbare tekst"),
        ("tekst.md", b"", "leeg"),
        ("tekst.md", b"x" * 1_000_001, "te groot"),
        ("tekst.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1oud", "oud Word"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused_with_a_reason_and_not_kept(
    tmp_path: Path, name: str, data: bytes, says: str
) -> None:
    bench, anna = a_bench(tmp_path), Person("anna")
    before = sorted(p.name for p in bench.folder.iterdir())
    with pytest.raises(SourceUnreadable, match=says):
        edit.add_text(bench, anna.actor(), Source("N09", "Nieuw", "1", "geldig", ""), Upload(name, data))
    assert sorted(p.name for p in bench.folder.iterdir()) == before
    assert says in upload.report(Upload(name, data), 1).problem


def test_the_report_of_a_file_shows_its_pieces_and_warns_about_personal_data() -> None:
    words = "Bel moeder Fatima Jansen op 06-12345678. " + "Dit is gewone tekst over afspraken. " * 5
    data = made.docx(made.p("Afspraken", "Heading1") + made.p(words))
    found = upload.report(Upload("afspraken.docx", data), 5)
    assert found.problem == ""
    assert found.pieces[0].heading == ("Afspraken",)
    assert any("06-12345678" in f for f in found.findings)
    assert any("Fatima Jansen" in f for f in found.findings)


# --- drafts ---------------------------------------------------------------------------------------------------------------


def test_of_two_trainers_who_publish_at_once_one_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    bench, people = a_bench(tmp_path), (Person("anna"), Person("bob"))
    n01_now_6_months(bench, people[0])
    seen = bench.source("H02@1.0")
    edit.edit_fields(bench, people[1].actor(), seen, replace(seen, owner="Bob"))
    drafts.make_draft(bench, people[0].actor())
    draft = drafts.open_draft(bench.home)
    assert draft is not None
    start, outcomes = threading.Barrier(2), []

    def publishing(person: Person) -> None:
        start.wait()
        try:
            outcomes.append(drafts.publish(bench, person.actor(), draft))
        except Conflict as told:
            outcomes.append(told.reason)

    threads = [threading.Thread(target=publishing, args=(p,)) for p in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["2", "published_meanwhile"]
    assert sum(p.actions.count("corpus.publish") for p in people) == 1
    with open_release(bench.home) as release:
        assert "N01@4.0" in release.by_key
        assert release.by_key["H02@1.0"].owner == "Bob"


def test_a_draft_that_was_made_anew_is_not_published_by_someone_who_saw_the_old_one(tmp_path: Path) -> None:
    bench, anna, bob = a_bench(tmp_path), Person("anna"), Person("bob")
    n01_now_6_months(bench, anna)
    drafts.make_draft(bench, anna.actor())
    seen = drafts.open_draft(bench.home)
    assert seen is not None
    edit.retire_text(bench, bob.actor(), "H02@1.0")
    drafts.make_draft(bench, bob.actor())
    with pytest.raises(Conflict, match="replaced"):
        drafts.publish(bench, anna.actor(), seen)
    assert current_number(bench.home) == 1


def test_there_is_one_draft_at_a_time_and_throwing_it_away_leaves_the_texts(tmp_path: Path) -> None:
    bench, anna = a_bench(tmp_path), Person("anna")
    for version in ("4.0", "4.1"):
        edit.replace_text(
            bench, anna.actor(), "N01@3.0" if version == "4.0" else "N01@4.0", Source("", "", version, "geldig", ""), NEW
        )
        drafts.make_draft(bench, anna.actor())
    assert [k.number for k in drafts.kept_releases(bench.home) if k.draft] == [3]
    drafts.discard(bench, anna.actor())
    assert numbers(bench.home) == (1,)
    assert bench.source("N01@4.1").status == "geldig"


def test_a_draft_of_the_very_first_release_can_be_published(tmp_path: Path) -> None:
    bench, anna = a_bench(tmp_path, released=False), Person("anna")
    drafts.make_draft(bench, anna.actor())
    draft = drafts.open_draft(bench.home)
    assert draft is not None
    assert draft.base == 0
    drafts.publish(bench, anna.actor(), draft)
    assert current_number(bench.home) == 1


def test_a_folder_that_did_not_change_makes_no_draft(tmp_path: Path) -> None:
    bench, anna = a_bench(tmp_path), Person("anna")
    assert not drafts.make_draft(bench, anna.actor()).changed
    assert drafts.open_draft(bench.home) is None


@pytest.mark.parametrize("gate", [Gate(False), Gate(None)])
def test_a_release_that_fails_the_gate_needs_a_reason_which_is_kept(tmp_path: Path, gate: Gate) -> None:
    bench, anna = a_bench(tmp_path), Person("anna")
    n01_now_6_months(bench, anna)
    drafts.make_draft(bench, anna.actor())
    draft = drafts.open_draft(bench.home)
    assert draft is not None
    with pytest.raises(EditError) as told:
        drafts.publish(bench, anna.actor(), draft, gate, "  ")
    assert told.value.reason.startswith("reason_")
    assert current_number(bench.home) == 1
    drafts.publish(bench, anna.actor(), draft, gate, "spoed: nummer klopt niet")
    assert Manifest.read(release_folder(bench.home, 2)).note == "spoed: nummer klopt niet"
    assert anna.logged[-1][2]["reason"] == "spoed: nummer klopt niet"


def test_what_changed_names_the_section_with_its_old_and_new_words(tmp_path: Path) -> None:
    bench, anna = a_bench(tmp_path), Person("anna")
    file = bench.folder / "bellen.md"
    file.write_text(file.read_text("utf-8").replace("24 uur", "12 uur"), "utf-8")
    drafts.make_draft(bench, anna.actor())
    found = drafts.changes(bench.home, 1, 2)
    assert [(c.what, c.source, c.heading[-1]) for c in found] == [("changed", "H02@1.0", "Voicemail")]
    assert "24 uur" in found[0].before
    assert "12 uur" in found[0].after


def test_only_questions_with_another_answer_are_named(tmp_path: Path) -> None:
    said = {(1, "a"): "oud", (2, "a"): "nieuw", (1, "b"): "zelfde", (2, "b"): "zelfde"}
    found = drafts.answer_changes(lambda n, q: Asked(q, (said[n, q],)), 1, 2, ["a", "b"])
    assert [(c.question, c.before, c.after) for c in found] == [("a", ("oud",), ("nieuw",))]


def test_while_another_process_builds_a_change_is_refused_and_nothing_is_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, anna = a_bench(tmp_path), Person("anna")
    monkeypatch.setattr(edit, "WAIT_S", 0.05)
    with writer(bench.home), pytest.raises(WriterBusy):
        n01_now_6_months(bench, anna)
    assert [s.key for s in bench.sources()] == ["N01@3.0", "N01@2.1", "H02@1.0"]


# --- two people -----------------------------------------------------------------------------------------------------------


def a_card(bench: Bench, *lines: str) -> tuple[dict[str, object], dict[str, object]]:
    """The first crisis card as it stands, and with other lines."""
    row = edit.read_toml(fakes.CARDS / "cards.toml")["card"][0]
    before = {k: row[k] for k in ("kind", "id", *proposals.CARD_FIELDS)}
    return before, {**before, "lines": list(lines)}


def test_a_card_changes_only_when_a_second_person_approves(tmp_path: Path) -> None:
    bench, anna, bob = a_bench(tmp_path), Person("anna"), Person("bob")
    before, after = a_card(bench, "Bel 112.", "Blijf rustig.")
    proposal = proposals.propose(bench, anna.actor(), "cards", before, after, load_cards)
    with pytest.raises(EditError, match="own proposal"):
        proposals.approve(bench, anna.actor(), proposal.id, load_cards)
    assert not (bench.folder / "cards.toml").exists()
    proposals.approve(bench, bob.actor(), proposal.id, load_cards)
    assert load_cards(bench.folder / "cards.toml").texts[0].card.lines == ("Bel 112.", "Blijf rustig.")
    assert "# Wijzig een kaart nooit alleen" in (bench.folder / "cards.toml").read_text("utf-8")
    assert (anna.actions, bob.actions) == (["cards.propose"], ["cards.approve"])
    assert proposals.waiting(bench.home) == ()


def test_an_emergency_card_without_112_in_its_first_line_cannot_even_be_proposed(tmp_path: Path) -> None:
    bench, anna = a_bench(tmp_path), Person("anna")
    before, after = a_card(bench, "Blijf rustig.")
    with pytest.raises(EditError, match="112"):
        proposals.propose(bench, anna.actor(), "cards", before, after, load_cards)
    assert proposals.waiting(bench.home) == ()


def test_a_word_can_be_added_and_dropped_and_goes_along_with_the_next_release(tmp_path: Path) -> None:
    bench, anna, bob = a_bench(tmp_path), Person("anna"), Person("bob")
    entry = {"term": "voicemail", "variants": ["antwoordapparaat"], "weight": 0.7}
    proposals.approve(
        bench, bob.actor(), proposals.propose(bench, anna.actor(), "synonyms", {}, entry, load_cards).id, load_cards
    )
    assert entry in proposals.relations(bench)
    assert drafts.make_draft(bench, anna.actor()).changed
    assert b"antwoordapparaat" in (release_folder(bench.home, 2) / "synonyms.toml").read_bytes()
    proposals.approve(
        bench, bob.actor(), proposals.propose(bench, anna.actor(), "synonyms", entry, {}, load_cards).id, load_cards
    )
    assert entry not in proposals.relations(bench)


def test_a_proposal_for_an_entry_that_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    bench, anna, bob = a_bench(tmp_path), Person("anna"), Person("bob")
    before, after = a_card(bench, "Bel 112.", "Blijf rustig.")
    first = proposals.propose(bench, anna.actor(), "cards", before, after, load_cards)
    second = proposals.propose(bench, anna.actor(), "cards", before, {**after, "title": "Bel nu"}, load_cards)
    proposals.approve(bench, bob.actor(), first.id, load_cards)
    with pytest.raises(Conflict):
        proposals.approve(bench, bob.actor(), second.id, load_cards)
    assert load_cards(bench.folder / "cards.toml").texts[0].card.title == before["title"]


def test_without_accounts_nobody_can_be_a_second_person(tmp_path: Path) -> None:
    bench, nobody = a_bench(tmp_path), Person("")
    before, after = a_card(bench, "Bel 112.")
    with pytest.raises(EditError, match="accounts"):
        proposals.propose(bench, nobody.actor(), "cards", before, after, load_cards)


# --- roles ----------------------------------------------------------------------------------------------------------------

_DRAFT = drafts.Draft(2, 1, "", "")
DOINGS: dict[str, tuple[str, Callable[[Bench, Actor], object]]] = {
    "add": ("corpus.edit", lambda b, a: edit.add_text(b, a, Source("N09", "x", "1", "geldig", ""), NEW)),
    "replace": ("corpus.edit", lambda b, a: edit.replace_text(b, a, "N01@3.0", Source("", "", "4", "geldig", ""), NEW)),
    "retire": ("corpus.edit", lambda b, a: edit.retire_text(b, a, "H02@1.0")),
    "fields": (
        "corpus.edit",
        lambda b, a: edit.edit_fields(b, a, b.source("H02@1.0"), replace(b.source("H02@1.0"), owner="x")),
    ),
    "erase": ("corpus.erase", lambda b, a: edit.erase_text(b, a, "H02@1.0")),
    "draft": ("corpus.edit", lambda b, a: drafts.make_draft(b, a)),
    "discard": ("corpus.edit", lambda b, a: drafts.discard(b, a)),
    "publish": ("corpus.publish", lambda b, a: drafts.publish(b, a, _DRAFT)),
    "rollback": ("corpus.rollback", lambda b, a: drafts.roll_back(b, a, 1, 1)),
    "propose": (
        "cards.propose",
        lambda b, a: proposals.propose(b, a, "synonyms", {}, {"term": "x", "variants": ["y"], "weight": 0.5}, load_cards),
    ),
    "approve": ("cards.approve", lambda b, a: proposals.approve(b, a, "id", load_cards)),
}


@pytest.mark.parametrize("doing", DOINGS)
def test_every_action_asks_the_role_and_does_nothing_without_it(tmp_path: Path, doing: str) -> None:
    action, do = DOINGS[doing]
    bench, person = a_bench(tmp_path), Person("anna", forbidden=(action,))
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and p.name != "writer.lock"}
    with pytest.raises(NotAllowed):
        do(bench, person.actor())
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and p.name != "writer.lock"} == before
    assert person.logged == []


def test_nothing_changes_when_the_log_cannot_be_written(tmp_path: Path) -> None:
    bench, anna = a_bench(tmp_path), Person("anna")

    def broken() -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="full"):
        edit.retire_text(bench, replace(anna.actor(), ready=broken), "H02@1.0")
    assert bench.source("H02@1.0").status == "geldig"


def test_both_languages_say_everything() -> None:
    assert ui_wording.TEXTS["nl"].keys() == ui_wording.TEXTS["en"].keys()
    holes = {
        n: [text.count("{") for text in (ui_wording.TEXTS["nl"][n], ui_wording.TEXTS["en"][n])] for n in ui_wording.TEXTS["nl"]
    }
    assert {n for n, (nl, en) in holes.items() if nl != en} == set()


def test_a_proposals_file_that_was_damaged_is_told_and_not_overwritten(tmp_path: Path) -> None:
    bench, anna = a_bench(tmp_path), Person("anna")
    (bench.home / "proposals.json").write_text(json.dumps([{"id": "x"}]), "utf-8")
    with pytest.raises(EditError) as told:
        proposals.propose(bench, anna.actor(), "synonyms", {}, {"term": "x", "variants": ["y"], "weight": 0.5}, load_cards)
    assert told.value.reason == "proposals_unreadable"
