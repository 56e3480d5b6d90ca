"""How fast the page answers: `python -m benchmarks.web`, medians and 95th percentiles.

1  from pressing enter to the complete answer in the page, 200 questions in one Chromium window (warm)
2  20 users at once through the same HTTP interface as the page, and whether every user got the answer to their own question
3  weight and first paint of the first page; seconds from `vraagbaak serve` to the first answer
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import Report
from tests.browser import world
from vraagbaak.offline import seal

QUESTIONS = (
    "Hoe lang bewaren we een dossier?",
    "Wat zet ik nooit in een contactnotitie?",
    "Mag ik alleen op huisbezoek?",
    "Wanneer sluiten we een begeleiding af?",
    "Wat is het verschil tussen intervisie en supervisie?",
    "Wanneer mag ik zonder toestemming iets delen?",
    "Wie belt de tolk?",
    "Hoe begin ik het eerste gesprek?",
    "Wat doe ik als een ouder boos wordt?",
    "Welke kleuren kent de triage?",
)
USERS, EACH = 20, 5


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile."""
    ordered = sorted(milliseconds)
    return {"p50": round(statistics.median(ordered), 1), "p95": round(ordered[int(0.95 * (len(ordered) - 1))], 1), "n": len(ordered)}


# The time between the key and the frame in which the answer is drawn, measured in the page itself.
_TIMER = """() => { window.vbTimes = []; let at = 0;
  document.addEventListener('keydown', e => { if (e.key === 'Enter') at = performance.now(); }, true);
  new MutationObserver(() => { const t = document.querySelector('#vb-gesprek .vb-turn');
    if (t && at && t.id !== window.vbSeen) { window.vbSeen = t.id; const from = at; at = 0;
      requestAnimationFrame(() => setTimeout(() => window.vbTimes.push(performance.now() - from))); } })
  .observe(document.querySelector('#vb-gesprek'), {childList: true, subtree: true, attributes: true, characterData: true}); }"""


def in_a_page(chromium: Any, address: str, count: int = 200) -> dict[str, Any]:
    """Ask in a window; a new conversation every ten questions, as people do."""
    page = chromium.new_context(locale="nl-NL").new_page()
    sizes: list[int] = []
    page.on("requestfinished", lambda r: sizes.append(r.sizes()["responseBodySize"]))
    page.goto(address)
    page.locator(".vb-example").first.wait_for()
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    usable = page.evaluate("performance.now()")
    weight = sum(sizes)
    page.evaluate(_TIMER)
    for i in range(count):
        box = page.locator("#vb-vraag textarea")
        box.fill(QUESTIONS[i % len(QUESTIONS)])
        box.press("Enter")
        page.locator(f"#vb-gesprek #beurt-{i % 10 + 1}").wait_for()
        if i % 10 == 9:
            page.locator("#vb-nieuw").click()
            page.evaluate("window.vbSeen = ''")
            page.locator("#vb-gesprek .vb-turn").wait_for(state="detached")
    page.wait_for_timeout(200)
    times = page.evaluate("window.vbTimes")
    return {"enter_to_answer_ms": percentiles(times), "first_paint_ms": round(paint), "usable_ms": round(usable), "page_kb": round(weight / 1000)}


def together(address: str) -> dict[str, Any]:
    """Many users at once, each asking questions of their own one after another."""
    import httpx

    times: list[float] = []
    wrong: list[str] = []
    config = handler_of(address)

    def user(number: int) -> None:
        session = f"bench{number}"
        with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
            for i in range(EACH):
                question = f"{QUESTIONS[(number + i) % len(QUESTIONS)]} ({number}.{i})"
                started = time.perf_counter()
                html = asked(client, config, session, question)
                times.append((time.perf_counter() - started) * 1000)
                if question not in html:
                    wrong.append(question)

    threads = [threading.Thread(target=user, args=(n,)) for n in range(USERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"users": USERS, "answer_ms": percentiles(times), "mixed_up": len(wrong)}


def handler_of(address: str) -> int:
    """The number of the handler that answers, as the page knows it."""
    import httpx

    page = httpx.get(address, trust_env=False).text
    config = json.loads(page.split("window.gradio_config = ", 1)[1].split(";</script>", 1)[0])
    return next(d["id"] for d in config["dependencies"] if len(d["inputs"]) == 2)


def asked(client: Any, handler: int, session: str, question: str) -> str:
    """One question as the page sends it; the HTML that comes back."""
    client.post("gradio_api/queue/join", json={"data": [question, ""], "fn_index": handler, "session_hash": session}).raise_for_status()
    with client.stream("GET", "gradio_api/queue/data", params={"session_hash": session}) as stream:
        for line in stream.iter_lines():
            if line.startswith("data:") and '"process_completed"' in line:
                return str(json.loads(line[5:])["output"]["data"][0])
    return ""


def starting(home: Path) -> dict[str, float]:
    """Seconds from the command to the address, and to the first answer."""
    import httpx

    started = time.perf_counter()
    command = [sys.executable, "-m", "vraagbaak.cli", "serve", "--home", str(home), "--port", "7899"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        address = next(line for line in server.stdout if "http" in line).split()[-1]
        shown = time.perf_counter() - started
        with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
            assert "12 maanden" in asked(client, handler_of(address), "first", QUESTIONS[0])
        return {"address_s": round(shown, 1), "first_answer_s": round(time.perf_counter() - started, 1)}
    finally:
        server.terminate()
        server.wait(20)


def main() -> None:
    """Measure on the sample corpus and print."""
    with tempfile.TemporaryDirectory() as base:
        home = Path(base) / "home"
        world.released(home, world.TEXTS)
        figures: dict[str, Any] = {"start": starting(home)}
        with world.site(home, world.TEXTS) as site:
            figures |= together(site.address + "/")
            with world.browser() as chromium:
                figures |= in_a_page(chromium, site.address + "/")
    report = Report("web", "python -m benchmarks.web")
    for name, aim in (("address", ""), ("first_answer", "<= 10 s")):
        report.add(f"serve: {name.replace('_', ' ')}", figures["start"][f"{name}_s"], "s", aim)
    one, many = figures["enter_to_answer_ms"], figures["answer_ms"]
    report.add("enter to answer in the page, p95", one["p95"], "ms", "<= 400 ms", note=f"p50 {one['p50']} ms, {one['n']} questions")
    report.add(f"{USERS} users at once, p95", many["p95"], "ms", "<= 2,000 ms", note=f"p50 {many['p50']} ms, {many['n']} questions")
    report.add("answers that went to another user", figures["mixed_up"], "", "0")
    report.add("first paint", figures["first_paint_ms"], "ms", note=f"usable after {figures['usable_ms']} ms")
    report.add("weight of the first page", figures["page_kb"], "kB")
    report.finish()


if __name__ == "__main__":
    seal()
    main()
