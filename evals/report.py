"""One HTML file for trainers: Dutch with an English switch, no network, every figure explained in a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals import plots
from evals.compare import Comparison, compare
from evals.gate import Reason
from evals.metrics import Row
from evals.table import BY_NAME, METRICS
from evals.wording import LANGUAGES, Language, say

if TYPE_CHECKING:
    from evals.run import Run

MOST = 60  # items listed of a kind; the file stays readable and under some megabytes
_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:0 auto;padding:1rem;color:#22303c;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.2rem}p.how{color:#52606b;margin:.2rem 0 .6rem}
table{border-collapse:collapse;width:100%}
td,th{padding:.3rem .5rem;border-bottom:1px solid #dde3e7;text-align:left;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}
.bad{color:#a3301f;font-weight:600}.banner{padding:.8rem 1rem;border-radius:.4rem;background:#e7f2ea}
.banner.closed{background:#fbe9e5}.pair{display:grid;grid-template-columns:1fr 1fr;gap:1rem}
.pair>div{background:#f5f7f8;padding:.5rem .7rem;border-radius:.3rem;white-space:pre-line}
details{margin:.5rem 0}summary{cursor:pointer}figure{margin:0}svg{max-width:100%;height:auto}
button{font:inherit;padding:.3rem .8rem;float:right}
html[lang=nl] [data-l=en],html[lang=en] [data-l=nl]{display:none}
@media(max-width:40rem){.pair{grid-template-columns:1fr}main{overflow-x:auto}}
@media(prefers-color-scheme:dark){body{background:#14191d;color:#dfe6ea}p.how{color:#a9b6bf}td,th{border-color:#34404a}
.pair>div{background:#1f272d}.banner{background:#1f3427}.banner.closed{background:#41231d}.bad{color:#f0907f}
figure{background:#fff;border-radius:.3rem;padding:.3rem}}
"""
_SCRIPT = "document.getElementById('l').onclick=function(){var h=document.documentElement;h.lang=h.lang==='nl'?'en':'nl'}"


def _both(make: Callable[[Language], str], tag: str = "span") -> str:
    """The same thing in each language; the switch shows one of them."""
    return "".join(f'<{tag} data-l="{language}" lang="{language}">{make(language)}</{tag}>' for language in LANGUAGES)


def _words(key: str, **values: object) -> str:
    return _both(lambda language: escape(say(key, language, **values)))


def _section(key: str, body: str) -> str:
    how = f'<p class="how">{_words(key + "_how")}</p>' if say(key + "_how", "nl") != key + "_how" else ""
    return f'<section id="{key}"><h2>{_words(key)}</h2>{how}{body}</section>'


def html(
    run: Run,
    accepted: Run | None = None,
    reasons: Sequence[Reason] | None = None,
    history: Sequence[Mapping[str, Any]] = (),
    ablation: str = "",
) -> str:
    """The page. accepted: the run to compare with.  reasons: what the gate says.  history: summaries, oldest first."""
    compared = compare(accepted, run) if accepted else None
    parts = [
        _banner(run, reasons),
        _section("figures", _figures(run, compared, history)),
        _flips(compared) if compared else "",
        *_drawings(run, history),
        _section("ablation", f"<pre>{escape(ablation)}</pre>") if ablation else "",
        _section("failed", "".join(_failed(run.rows))),
        _section("unjudged", "".join(_unjudged(run.rows))),
    ]
    title = f"<title>{escape(say('title', 'nl'))}</title>"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">{title}<style>{_STYLE}</style>'
    button = f'<button id="l" type="button">{_words("switch")}</button>'
    return (
        f'<!doctype html><html lang="nl"><head>{head}</head><body><main>{button}<h1>{_words("title")}</h1>'
        f"{''.join(parts)}</main><script>{_SCRIPT}</script></body></html>\n"
    )


def _banner(run: Run, reasons: Sequence[Reason] | None) -> str:
    s = run.summary
    made = _words("made", day=s["made_at"][:10], items=s["items"], removed=s["removed"], split=s["split"])
    if reasons is None:
        return f'<div class="banner"><p>{made}</p><p>{_words("unaccepted")}</p></div>'
    closed = any(r.level == "fail" for r in reasons)
    listed = "".join(f"<li>{escape(r.rule)}: {escape(r.text)}</li>" for r in reasons)
    said = _words("closed" if closed else "open")
    return f'<div class="banner{" closed" if closed else ""}"><p>{made}</p><p><b>{said}</b></p><ul>{listed}</ul></div>'


def _figures(run: Run, compared: Comparison | None, history: Sequence[Mapping[str, Any]]) -> str:
    head = "".join(f"<th>{_words(k)}</th>" for k in ("meaning", "value", "range", "count", "floor", "change", "trend"))
    rows = "".join(_figure(m.name, run, compared, history) for m in METRICS if m.name in run.estimates)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _figure(name: str, run: Run, compared: Comparison | None, history: Sequence[Mapping[str, Any]]) -> str:
    metric, e = BY_NAME[name], run.estimates[name]
    below = metric.floor is not None and metric.better * (e.value - metric.floor) < 0
    d = compared.differences.get(name) if compared else None
    change = f"{d.value:+.3f} [{d.low:+.3f}, {d.high:+.3f}]" if d else ""
    line = plots.sparkline([h["figures"].get(name, {}).get("value", float("nan")) for h in history])
    floor = "" if metric.floor is None else f"{metric.floor:.2f}"
    means = _both(lambda language: escape(metric.nl if language == "nl" else metric.en))
    numbers = (f"{e.low:.3f} - {e.high:.3f}", str(e.n), floor, change)
    cells = "".join(f'<td class="n">{n}</td>' for n in numbers)
    value = f'<td class="n{" bad" if below else ""}">{e.value:.3f}</td>'
    return f"<tr><td>{means} <small>({escape(name)})</small></td>{value}{cells}<td>{line}</td></tr>"


def _drawings(run: Run, history: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    drawn: tuple[tuple[str, Callable[[Language], str]], ...] = (
        ("types", lambda language: plots.forest(run, language)),
        ("funnel", lambda language: plots.funnel(run, language)),
        ("risk", lambda language: plots.risk(run, language)),
        ("pr", lambda language: plots.precision_recall(run, language)),
        ("reliability", lambda language: plots.reliability(run, language)),
        ("depth", lambda language: plots.depth(run, language)),
        ("wordings", lambda language: plots.wordings(run, language)),
        ("speed", lambda language: plots.speed(run, language)),
    )
    for key, draw in drawn:
        yield _section(key, _both(draw, "figure"))
    if len(history) > 1:
        yield _section("history", _both(lambda language: plots.history(history, language), "figure"))


def _flips(compared: Comparison) -> str:
    body = "" if compared.flips else f"<p>{_words('no_flips')}</p>"
    for key, flips in (("worse", compared.broke), ("better", tuple(f for f in compared.flips if f.better))):
        if flips:
            body += f"<h3>{_words(key)} ({len(flips)})</h3>"
        for f in flips[:MOST]:
            expected = "; ".join(f.expected)
            pair = (
                f"<div><b>{_words('before')}</b>\n{_said(f.before)}</div><div><b>{_words('after')}</b>\n{_said(f.after)}</div>"
            )
            body += _folded(f.question, f"{f.id}: {expected}", pair)
    return _section("flips", body)


def _failed(rows: Sequence[Row]) -> Iterator[str]:
    wrong = sorted((r for r in rows if not r["passed"]), key=lambda r: (r["utility"], r["id"]))
    for r in wrong[:MOST]:
        wanted = "\n".join([*r["expected"], "", *(f"“{q}”" for q in r["quotes"][:2])]) if r["expected"] else r["nearest"]
        what = say(r.get("funnel") or r["outcome"], "nl")
        shown = r["shown"] or (f"[{r['card']}]" if r["card"] else "")
        pair = f"<div><b>{_words('expected')}</b>\n{escape(wanted)}</div><div><b>{_words('shown')}</b>\n{_said(shown)}</div>"
        yield _folded(r["question"], f"{r['id']}, {what}", pair)


def _folded(title: str, detail: str, pair: str) -> str:
    summary = f"<summary>{escape(title)} <small>({escape(detail)})</small></summary>"
    return f'<details>{summary}<div class="pair">{pair}</div></details>'


def _said(text: str) -> str:
    return escape(text[:1500]) if text and text != "[-]" else _words("silent")


def _unjudged(rows: Sequence[Row]) -> Iterator[str]:
    queue = [r for r in rows if r.get("cited") and r["cited_useful"] < r["cited"]]
    yield (
        "<ul>" + "".join(f"<li>{escape(r['question'])} <small>({escape(r['id'])})</small></li>" for r in queue[:MOST]) + "</ul>"
    )


def write(path: Path, page: str) -> Path:
    """Write the page."""
    path.write_text(page, "utf-8")
    return path
