"""What surrounds every page: the document, the header with the pages, and what a page of Gradio needs to stand in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from assistant.ui_wording import ui
from vraagbaak import wording
from vraagbaak.theme import static_address
from vraagbaak.wording import Language


@dataclass(frozen=True, slots=True)
class Tab:
    """A page in the header. path: without the language, "" for the first page."""

    path: str
    name: str  # in ui_wording


@dataclass(frozen=True, slots=True)
class Frame:
    """Who looks at which page. user: name of the account, "" without accounts. csrf: for the button that logs out."""

    language: Language
    path: str  # the address without its language: "/kennisbank"
    tabs: tuple[Tab, ...]
    user: str = ""
    csrf: str = ""
    nonce: str = ""

    def address(self, path: str, language: Language | None = None) -> str:
        """A path in a language (by default the one of this page)."""
        chosen = language or self.language
        return f"/en{path or '/'}" if chosen == "en" else path or "/"


def header(frame: Frame) -> str:
    """The bar on top: a link past it, the name, the pages, language, text size, light or dark, and who is logged in."""
    language = frame.language
    other: Language = "nl" if language == "en" else "en"
    switch = ui("other_language", language)
    return (
        f'<a class="vb-skip" href="#inhoud">{escape(ui("skip", language))}</a>'
        f'<header class="vb-top"><a class="vb-brand" href="{frame.address("")}">{_LOGO}<span>{escape(ui("app", language))}</span></a>'
        f'<nav class="vb-nav" aria-label="{escape(ui("nav", language))}"><ul>{_tabs(frame)}</ul></nav>'
        f'<div class="vb-tools">{_tools(language)}<a class="vb-tool vb-lang" lang="{other}" hreflang="{other}" '
        f'href="{escape(frame.address(frame.path.rstrip("/"), other))}">{escape(switch)}</a>{_account(frame)}</div></header>'
    )


def _tabs(frame: Frame) -> str:
    items = []
    for tab in frame.tabs:
        here = frame.path.rstrip("/") == tab.path or (tab.path and frame.path.startswith(tab.path + "/"))
        current = ' aria-current="page"' if here else ""
        items.append(f'<li><a href="{frame.address(tab.path)}"{current}>{escape(ui(tab.name, frame.language))}</a></li>')
    return "".join(items)


def _tools(language: Language) -> str:
    size, look = ui("text_size", language), ui("theme", language)
    return (
        f'<button type="button" class="vb-tool" data-doe="tekstgrootte" aria-label="{escape(size)}" title="{escape(size)}" '
        f'data-nu="{escape(ui("text_size_now", language, percent="%"))}"><span aria-hidden="true">A<small>A</small></span></button>'
        f'<button type="button" class="vb-tool" data-doe="licht-donker" aria-label="{escape(look)}" title="{escape(look)}" '
        f'data-licht="{escape(ui("theme_light", language))}" data-donker="{escape(ui("theme_dark", language))}">{_MOON}</button>'
    )


def _account(frame: Frame) -> str:
    if not frame.user:
        return ""
    out, who = wording.say("logout_button", frame.language), ui("logged_in", frame.language, name=frame.user)
    return (
        f'<form class="vb-account" method="post" action="/uitloggen"><input type="hidden" name="csrf" value="{escape(frame.csrf)}">'
        f'<button class="vb-tool" type="submit" title="{escape(who)}">{escape(out)}</button></form>'
    )


def head(frame: Frame, title: str) -> str:
    """The inside of <head> that is ours."""
    return (
        f"<title>{escape(title)}</title>"
        f'<script nonce="{frame.nonce}" src="{static_address("first.js")}"></script>'
        f'<link rel="icon" href="{static_address("vraagbaak.svg")}" type="image/svg+xml">'
        f'<link rel="stylesheet" href="{static_address("app.css")}">'
        f'<script nonce="{frame.nonce}" src="{static_address("app.js")}" defer></script>'
    )


def page(frame: Frame, title: str, body: str, kind: str = "") -> str:
    """A whole page of our own. body: the inside of <main>, safe HTML. kind: a class of <main>."""
    named = f"{title} – {ui('app', frame.language)}"
    return (
        f'<!doctype html><html lang="{frame.language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{head(frame, named)}</head>'
        f'<body class="vb">{header(frame)}<main id="inhoud" class="vb-page {kind}" tabindex="-1">{body}</main>{_dialog(frame.language)}</body></html>'
    )


_BENCHES = ("/beheer", "/kwaliteit")  # pages with the style of trainers.css


def dressed(html: str, frame: Frame, title: str, lead: str = "") -> str:
    """Gradio's own page in our frame. lead: what is shown until Gradio has drawn the page.

    Gradio brings a <main> of its own. Its scripts get the nonce of this response, its pictures elsewhere and its manifest go, the language is that of the page.
    """
    html = re.sub(r"<meta\s+(?:property|name)=\"(?:og|twitter):[^>]*>", "", html)
    html = re.sub(r'<link rel="manifest"[^>]*>', "", html)
    html = re.sub(r"<title>.*?</title>", "", html, flags=re.DOTALL)
    html = re.sub(r"<script(?=[\s>])", f'<script nonce="{frame.nonce}"', html)
    html = re.sub(r'(<html\s[^>]*?)lang="[^"]*"', rf'\1lang="{frame.language}"', html, count=1)
    style = f'<link rel="stylesheet" href="{static_address("trainers.css")}">' if frame.path.startswith(_BENCHES) else ""
    html = html.replace('<meta charset="utf-8" />', '<meta charset="utf-8" />' + head(frame, title) + style, 1)
    html = re.sub(r"<body(\s[^>]*)?>", f'<body class="vb vb-gradio">{header(frame)}<div id="inhoud" tabindex="-1">{lead}', html, count=1)
    return html.replace("</gradio-app>", f"</gradio-app></div>{_dialog(frame.language)}", 1)


def waiting(language: Language) -> str:
    """The first picture of the question page: shown at once, gone when Gradio has drawn the real one."""
    title, lead, loading = (escape(ui(n, language)) for n in ("ask_title", "ask_lead", "busy"))
    no_script = escape(ui("no_script", language))
    return (
        f'<div id="vb-eerst" class="vb-welcome"><h1 class="vb-title">{title}</h1><p class="vb-lead">{lead}</p>'
        f'<noscript><p class="vb-notice vb-warn">{no_script}</p></noscript><div class="vb-ghost" role="img" aria-label="{loading}"></div></div>'
    )


def _dialog(language: Language) -> str:
    """The panel in which sources open, with the words the scripts need, and the line that is read out."""
    words = (
        "source", "close", "error_source", "lost", "loading", "fb_note", "fb_note_hint", "fb_preview", "fb_exact", "fb_days", "fb_send",
        "fb_cancel", "fb_sent", "fb_wait", "fb_failed", "fb_verdict", "fb_question", "fb_status", "fb_release", "fb_passages",
        "fb_topic", "fb_empty", "fb_klopt", "fb_klopt_niet", "fb_niet_gevonden", "fb_te_vaag", "status_answered", "status_partly",
        "status_no_answer", "status_card",
    )  # fmt: skip
    from assistant.ui_wording import TEXTS

    data = " ".join(f'data-{w.replace("_", "-")}="{escape(TEXTS[language][w])}"' for w in words)
    return (
        f'<dialog id="vb-bron" aria-label="{escape(ui("source", language))}" {data}><div class="vb-bron-kop"><span class="vb-bron-naam" aria-hidden="true"></span>'
        f'<button type="button" class="vb-tool vb-close" data-doe="sluit" aria-label="{escape(ui("close", language))}">✕</button></div>'
        f'<div class="vb-bron-inhoud"></div></dialog><p id="vb-zeg" class="vb-sr" role="status" aria-live="polite"></p>'
    )


def problem_page(frame: Frame, title: str, hint: str) -> str:
    """A page that says what went wrong and what to do."""
    home = f'<p><a href="{frame.address("/kennisbank")}">{escape(ui("nav_library", frame.language))}</a></p>'
    return page(frame, title, f'<h1 class="vb-title">{escape(title)}</h1><p class="vb-lead">{escape(hint)}</p>{home}', "vb-narrow")


def login_page(frame: Frame, problem: str = "", goal: str = "/") -> str:
    """The form to log in. problem: why it did not work the time before. goal: the page to go on to."""
    language = frame.language
    title, name, password, button = (
        escape(wording.say(n, language)) for n in ("login_title", "login_name", "login_password", "login_button")
    )
    told = f'<p class="vb-notice vb-warn" role="alert" id="fout">{escape(problem)}</p>' if problem else ""
    described = ' aria-describedby="fout" aria-invalid="true"' if problem else ""
    body = (
        f'<h1 class="vb-title">{title}</h1>{told}<form class="vb-login" method="post" action="{frame.address("/inloggen")}">'
        f'<input type="hidden" name="doel" value="{escape(goal)}">'
        f'<label for="naam">{name}</label><input id="naam" name="naam" autocomplete="username" required maxlength="64"{described}>'
        f'<label for="wachtwoord">{password}</label>'
        f'<input id="wachtwoord" name="wachtwoord" type="password" autocomplete="current-password" required maxlength="256"{described}>'
        f'<button type="submit" class="vb-button">{button}</button></form>'
    )
    return page(frame, wording.say("login_title", language), body, "vb-narrow")


def tabs_for(may_view: Sequence[str]) -> tuple[Tab, ...]:
    """The pages in the header. may_view: actions that open a page for trainers."""
    tabs = [Tab("", "nav_ask"), Tab("/kennisbank", "nav_library"), Tab("/over", "nav_about")]
    tabs += [Tab("/beheer", "nav_corpus")] if "corpus.view" in may_view else []
    tabs += [Tab("/kwaliteit", "nav_evals")] if "evals.view" in may_view else []
    return tuple(tabs)


_LOGO = (
    '<svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true"><rect width="32" height="32" rx="9" fill="currentColor"/>'
    '<path d="M8 10.5h16M8 15.5h16M8 20.5h9" stroke="var(--vb-paper)" stroke-width="2.4" stroke-linecap="round"/>'
    '<circle cx="22.5" cy="21" r="2.3" fill="var(--vb-glow)"/></svg>'
)
_MOON = (
    '<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"><path d="M12 3a9 9 0 1 0 0 18V3z" fill="currentColor"/>'
    '<circle cx="12" cy="12" r="8" fill="none" stroke="currentColor" stroke-width="2"/></svg>'
)
