"""vraagbaak evals lint | run | compare | gate | calibrate | ablate | history | report | promote | external | peers."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import UsageError

if TYPE_CHECKING:
    from evals.run import Progress, Run


def add_parser(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add `evals`."""
    evals = commands.add_parser("evals", parents=[shared], help="measure answer quality on the evaluation items")
    actions = evals.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, run: Callable[..., int], help_: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = actions.add_parser(name, parents=[shared], help=help_)
        added.set_defaults(run=run)
        return added

    lint = action("lint", run_lint, "check items, quotes and splits")
    lint.add_argument("--draw", action="store_true", help="draw new clusters into dev or test; nothing that was drawn moves")
    lint.add_argument("--json", action="store_true")
    run = action("run", run_run, "ask every item and print the table")
    run.add_argument("--split", choices=("dev", "test", "all"), default="dev")
    run.add_argument("--release", type=int, help="number of the release; the current one without")
    run.add_argument("--served", action="store_true", help="search as `vraagbaak serve` does: through Chroma")
    run.add_argument("--json", action="store_true", help="print summary.json")
    run.add_argument("--report", action="store_true", help="write report.html beside the run")
    compared = action("compare", run_compare, "what changed between two runs, and which items broke")
    compared.add_argument("a", help="folder of a run, or its name below the data directory")
    compared.add_argument("b", nargs="?", default="", help="the newest run without")
    gate = action("gate", run_gate, "may this go out? exit code 1 when not")
    gate.add_argument("--split", choices=("dev", "test", "all"), default="dev")
    gate.add_argument("--accept", action="store_true", help="make this run the accepted one")
    calibrate = action("calibrate", run_calibrate, "fit when to answer, on dev, by nested cross-validation")
    calibrate.add_argument(
        "--public", type=Path, metavar="DIR", help="folder with rijksvac, coronafaq and abstain, for texts without phrasings"
    )
    calibrate.add_argument("--fusion", action="store_true", help="also try weights of the dense leg (slower)")
    calibrate.add_argument("--dry-run", action="store_true", help="print, do not write assistant/confidence.json")
    ablate = action("ablate", run_ablate, "the same items with one part changed at a time")
    ablate.add_argument("--split", choices=("dev", "test", "all"), default="dev")
    apart = action("apart", run_apart, "the judged questions that no model was taught and no phrasing repeats")
    apart.add_argument("--json", action="store_true")
    ranking = action("ranking", run_ranking, "fit the weights of the ranking on those questions; prints, writes nothing")
    ranking.add_argument("--json", action="store_true")
    action("history", run_history, "the runs in the data directory")
    report = action("report", run_report, "one HTML file for trainers")
    report.add_argument("name", nargs="?", default="", help="a run; the newest without")
    report.add_argument("--against", default="", help="a run to compare with")
    report.add_argument("--out", type=Path, metavar="FILE")
    promote = action("promote", run_promote, "from a question that somebody sent to an item")
    promote.add_argument("id", help="of the feedback: vraagbaak journal list")
    promote.add_argument("--wording", default="", help="the question in your words: keep the style, change the facts")
    promote.add_argument("--expect", choices=("answer", "abstain"), default="answer")
    promote.add_argument("--nearest", default="", help="for abstain: what the knowledge base does say, or who knows")
    promote.add_argument("--reviewer", action="append", default=[], help="twice: two trainers")
    external = action("external", run_external, "any corpus through the same pipeline")
    external.add_argument("folder", type=Path, help="corpus.jsonl, queries.jsonl, qrels.tsv; or documents, with --questions")
    external.add_argument("--fields", default="text", help="which of text,title,heading may be searched (default: text)")
    external.add_argument("--group", default="", metavar="FIELD", help="field that the judgements speak of, such as doc_id")
    external.add_argument("--without", type=Path, metavar="FILE", help="ids to leave out of the corpus, one a line")
    external.add_argument(
        "--unanswerable", type=Path, metavar="FILE", help="ids of questions to refuse, or a .jsonl of further questions"
    )
    external.add_argument("--questions", type=Path, metavar="FILE", help="questions.jsonl for a folder of documents")
    external.add_argument("--json", action="store_true")
    peers = action("peers", run_peers, "the same items through other products")
    peers.add_argument("--only", action="append", default=[], metavar="NAME")
    peers.add_argument("--split", choices=("dev", "test", "all"), default="dev")
    peers.add_argument("--json", action="store_true")


def evals_folder(home: Path) -> Path:
    """Where runs are kept."""
    return home / "evals"


@contextmanager
def _bar(label: str) -> Iterator[Progress]:
    """A progress bar on a terminal; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    with Progress(
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def run_lint(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Exit code 1 when something is wrong."""
    from assistant.wiring import release_analyser
    from corpus.release import open_release
    from evals.items import SPLITS, Splits, draw, load, split_hash
    from evals.lint import lint, table

    items = load()
    if arguments.draw:
        known = Splits.read().clusters if SPLITS.exists() else {}
        drawn = draw(items, known)
        SPLITS.write_text(json.dumps({"sha256": split_hash(drawn), "clusters": drawn}, indent=1) + "\n", "utf-8")
    splits = Splits.read()
    with open_release(home) as release:
        found = lint(items, splits, release, release_analyser(release))
    errors = sum(f.level == "error" for f in found)
    if arguments.json:
        print(json.dumps([{"level": f.level, "item": f.item, "text": f.text} for f in found], ensure_ascii=False, indent=1))  # noqa: T201
        return int(errors > 0)
    for f in found:
        print(f"{f.level}: {f.item}: {f.text}")  # noqa: T201
    for name, counts in table(items, splits).items():
        print(f"{name}: " + ", ".join(f"{k} {v}" for k, v in sorted(counts.items())))  # noqa: T201
    print(f"{len(items)} items in {len({i.cluster for i in items})} clusters, {errors} errors, {len(found) - errors} warnings")  # noqa: T201
    return int(errors > 0)


def run_run(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Print the table; the run is kept in the data directory."""
    from assistant.cli import assistant_settings
    from evals.run import measure
    from evals.world import opened

    with opened(home, assistant_settings(settings, one_shot=not arguments.served), arguments.release) as world, _bar("asking") as progress:
        run = measure(world, arguments.split, progress=progress)
    folder = run.write(evals_folder(home))
    if arguments.report:
        print(f"report: {_report(run, home, folder / 'report.html')}", file=sys.stderr)  # noqa: T201
    if arguments.json:
        print(json.dumps(run.summary, ensure_ascii=False, indent=1))  # noqa: T201
    else:
        print_table(run)
        print(f"written to {folder}")  # noqa: T201
    return 0


def runs(home: Path) -> list[Path]:
    """Folders of the runs that were kept, oldest first."""
    return sorted(p.parent for p in evals_folder(home).glob("*/summary.json"))


def run_named(name: str, home: Path) -> Run:
    """A run by folder or name; the newest for ""."""
    from evals.run import Run

    known = runs(home)
    if not name and known:
        return Run.read(known[-1])
    for folder in (Path(name), evals_folder(home) / name):
        if name and (folder / "summary.json").exists():
            return Run.read(folder)
    raise UsageError(f"there is no run '{name}'" if name else "there is no run yet", hint="run: vraagbaak evals history")


def run_compare(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Print differences and the items that broke."""
    from evals.compare import compare

    found = compare(run_named(arguments.a, home), run_named(arguments.b, home))
    lines = [f"warning: {w}" for w in found.warnings]
    lines += [
        f"{name:22} {d.value:+.3f}  [{d.low:+.3f}, {d.high:+.3f}]  p {d.p:.3f} (Holm {found.holm[name]:.3f})  n {d.n}"
        for name, d in found.differences.items()
    ]
    lines.append(f"{len(found.broke)} items broke, {len(found.flips) - len(found.broke)} were mended, of {found.items}")
    for f in found.broke:
        lines += [
            f"- {f.id}{' (critical)' if f.critical else ''}: {f.question}",
            f"    expected: {'; '.join(f.expected) or '-'}",
        ]
        lines += [f"    before: {_short(f.before)}", f"    now:    {_short(f.after)}"]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _short(text: str, most: int = 160) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[:most] + " ..."


def run_gate(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Exit code 1 when something that was accepted got worse."""
    from assistant.cli import assistant_settings
    from evals.gate import Baseline, accept, gate
    from evals.run import measure
    from evals.world import opened

    with opened(home, assistant_settings(settings, one_shot=True)) as world, _bar("asking") as progress:
        run = measure(world, arguments.split, progress=progress)
    if arguments.accept:
        accept(run)
        print(f"accepted: {run.summary['hash'][:12]}")  # noqa: T201
        return 0
    reasons = gate(run, Baseline.read())
    for reason in reasons:
        print(f"{reason.level}: {reason.rule}: {reason.text}")  # noqa: T201
    closed = any(reason.level == "fail" for reason in reasons)
    print("the gate is closed" if closed else "the gate is open")  # noqa: T201
    return int(closed)


def run_calibrate(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Write assistant/confidence.json with the evidence for it."""
    from assistant.cli import assistant_settings
    from assistant.confidence import FILE
    from evals.calibrate import calibrated, fusion, write
    from evals.items import Splits, chosen, load
    from evals.world import opened

    chosen_settings = assistant_settings(settings, one_shot=True)
    with opened(home, chosen_settings) as world:
        if arguments.fusion:
            print(json.dumps(fusion(world, chosen(load(), Splits.read(), "dev"))))  # noqa: T201
        made = calibrated(world, arguments.public, chosen_settings, print)
    print(json.dumps(made, ensure_ascii=False, indent=1))  # noqa: T201
    if not arguments.dry_run:
        write(FILE, made)
    return 0


def run_ablate(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Print a Markdown table; it is kept for the report."""
    from assistant.cli import assistant_settings
    from corpus.rerank import open_reranker
    from evals.ablate import ablate, as_text
    from evals.world import opened

    with opened(home, assistant_settings(settings, one_shot=True)) as world:
        reranker = open_reranker(settings.search.reranker, settings.search.reranker_seconds)
        lines = ablate(world, arguments.split, tell=lambda name: print(name, file=sys.stderr), reranker=reranker)  # noqa: T201
        text = as_text(lines)
    evals_folder(home).mkdir(parents=True, exist_ok=True)
    (evals_folder(home) / "ablation.md").write_text(text + "\n", "utf-8")
    print(text)  # noqa: T201
    return 0


def run_apart(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Print the table."""
    from assistant.cli import assistant_settings
    from evals.apart import auroc, figures, measured
    from evals.judged import APART, judged_questions
    from evals.world import opened

    asked = judged_questions(APART)
    with _bar("questions") as bar, opened(home, assistant_settings(settings, one_shot=True)) as world:
        found = list(measured(world, asked, lambda done: bar(done, len(asked))))
    table, area = figures(found), auroc(found)
    if arguments.json:
        print(json.dumps({**{name: asdict(value) for name, value in table.items()}, "abstention_auroc": area}, indent=1))  # noqa: T201
        return 0
    for name, value in table.items():
        print(f"{name:<28} {value.value:.3f}  [{value.low:.3f}, {value.high:.3f}]  n {value.n:>4}")  # noqa: T201
    print(f"{'abstention_auroc':<28} {area:.3f}")  # noqa: T201
    return 0


def run_ranking(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Print how the shipped weights and fitted ones rank."""
    from assistant.cli import assistant_settings
    from assistant.relevance import ALONE, PHRASED
    from evals.judged import APART, judged_questions
    from evals.ranking import cross_validated, first_and_few, fitted, ranked_questions
    from evals.world import opened

    asked = judged_questions(APART)
    with _bar("questions") as bar, opened(home, assistant_settings(settings, one_shot=True)) as world:
        found = ranked_questions(world, asked, lambda done: bar(done, len(asked)))
    table = {name: first_and_few(found, [weights] * len(found)) for name, weights in (("shipped", PHRASED), ("without phrasings", ALONE))}
    table["fitted, five-fold"] = cross_validated(found)
    weights = {name: round(value, 2) for name, value in fitted(found)._asdict().items()}
    if arguments.json:
        print(json.dumps({"questions": len(found), "first and five": table, "fitted": weights}, indent=1))  # noqa: T201
        return 0
    print(f"{len(found)} questions; the first passage answers, one of five does")  # noqa: T201
    for name, (first, few) in table.items():
        print(f"{name:<28} {first:.3f}  {few:.3f}")  # noqa: T201
    print("fitted on all: " + ", ".join(f"{name} {value}" for name, value in weights.items()))  # noqa: T201
    return 0


def run_history(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """One line per run."""
    from evals.run import Run

    for folder in runs(home):
        s = Run.read(folder).summary
        shown = ", ".join(
            f"{n} {s['figures'][n]['value']:.3f}" for n in ("recall@5", "vital_strict", "utility") if n in s["figures"]
        )
        print(f"{folder.name}  {s['split']:4}  {s['items']} items  {shown}")  # noqa: T201
    return 0


def run_report(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Write the page of a run."""
    run = run_named(arguments.name, home)
    path = arguments.out or evals_folder(home) / "report.html"
    print(_report(run, home, path, arguments.against))  # noqa: T201
    return 0


def _report(run: Run, home: Path, path: Path, against: str = "") -> Path:
    from evals.gate import BASELINE, Baseline, gate
    from evals.report import html, write
    from evals.run import Run

    kept = [Run.read(p) for p in runs(home)]
    same = [r for r in kept if r.summary["split"] == run.summary["split"]]
    earlier = [r for r in same if r.summary["made_at"] < run.summary["made_at"]]
    accepted = run_named(against, home) if against else (earlier[-1] if earlier else None)
    reasons = gate(run, Baseline.read()) if BASELINE.exists() else None
    ablation = evals_folder(home) / "ablation.md"
    text = ablation.read_text("utf-8") if ablation.exists() else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    return write(path, html(run, accepted, reasons, [r.summary for r in same][-20:], text))


def run_promote(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Add an item to dev from a stored question."""
    from datetime import date

    from assistant.journal import Journal
    from assistant.personal_data import Masker
    from evals.items import load
    from evals.promote import append, block, propose

    feedback = next((f for f in Journal(home, retention_days=settings.journal.days).list() if f.id == arguments.id), None)
    if feedback is None:
        raise UsageError(f"there is no feedback with id {arguments.id}", hint="run: vraagbaak journal list")
    masker = Masker(cache=home / "deduce", background=True)
    masker.wait()
    proposal = propose(feedback, arguments.wording, load(), masker)
    today = date.today()  # noqa: DTZ011 - a day in the organisation's calendar
    path = append(block(proposal, arguments.expect, arguments.nearest, arguments.reviewer, today))
    alike = f"; much like {', '.join(proposal.alike)}" if proposal.alike else ""
    print(f"added {proposal.id} to {path.name}{alike}; add quotes, then run: vraagbaak evals lint --draw")  # noqa: T201
    return 0


def run_external(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Print the figures of another corpus; nothing of it is kept."""
    from tempfile import TemporaryDirectory

    from assistant.cli import assistant_settings
    from evals.external import measured, measured_folder, read

    chosen = assistant_settings(settings, one_shot=True)
    with TemporaryDirectory(prefix="vraagbaak-evals-") as scratch:
        if arguments.questions:
            found = measured_folder(arguments.folder, arguments.questions, Path(scratch), chosen)
        else:
            fields = tuple(f.strip() for f in arguments.fields.split(",") if f.strip())
            collection = read(arguments.folder, fields, arguments.group, arguments.without, arguments.unanswerable)
            found = measured(collection, Path(scratch), chosen)
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))  # noqa: T201
        return 0
    for name, figures in (("all", found["all"]), *found["types"].items()):
        print(f"{name}: " + ", ".join(f"{k} {v:g}" for k, v in figures.items()))  # noqa: T201
    return 0


def run_peers(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Run the peers in environments of their own and print the table."""
    from assistant.cli import assistant_settings
    from evals.peers.run import compared

    found = compared(home, assistant_settings(settings, one_shot=True), arguments.split, tuple(arguments.only))
    print(json.dumps(found.summary, ensure_ascii=False, indent=1) if arguments.json else found.as_text())  # noqa: T201
    return 0


def print_table(run: Run) -> None:
    """The figures with their intervals, as plain text."""
    from evals.table import METRICS

    s = run.summary
    lines = [
        f"{s['items']} items and {s['removed']} with the answer removed, {s['clusters']} clusters, "
        f"split {s['split']}, {s['seconds']} s"
    ]
    for m in METRICS:
        e = run.estimates.get(m.name)
        if e is None:
            continue
        goal = "" if m.floor is None else f"  floor {m.floor:.2f} {'ok' if m.better * (e.value - m.floor) >= 0 else 'BELOW'}"
        lines.append(f"{m.name:22} {e.value:6.3f}  [{e.low:.3f}, {e.high:.3f}]  n {e.n:4}{goal}   {m.en}")
    lines += [f"{name:22} {value:6.3f}" for name, value in s["singles"].items()]
    lines.append("funnel: " + ", ".join(f"{k} {v}" for k, v in s["funnel"].items()))
    sys.stdout.write("\n".join(lines) + "\n")


__all__ = ["UsageError", "add_parser", "print_table"]
