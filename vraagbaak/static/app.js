/* What a browser does on every page. Nothing is stored but the look; nothing is sent but what a press of a button says.
   Works by delegation, because Gradio draws its parts later and anew. */
"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const root = document.documentElement;
  const language = root.lang === "en" ? "en" : "nl";
  const dialog = () => $("#vb-bron");
  const words = (name) => dialog()?.dataset[name] ?? "";
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const say = (text) => {
    const line = $("#vb-zeg");
    if (line) { line.textContent = ""; setTimeout(() => { line.textContent = text; }, 60); }
  };
  const keep = (name, value) => { try { localStorage.setItem(name, value); } catch { /* private window: the look lasts as long as the page */ } };
  const make = (tag, given = {}, ...inside) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(given)) {
      if (name === "text") element.textContent = value;
      else element.setAttribute(name, value);
    }
    element.append(...inside);
    return element;
  };

  /* --- look ------------------------------------------------------------------------------------------------------------- */

  const SIZES = [100, 112, 125, 150];
  const actions = {
    "licht-donker": (button) => {
      const now = root.dataset.weergave === "donker" ? "licht" : "donker";
      root.dataset.weergave = now;
      keep("vb-weergave", now);
      say(button.dataset[now]);
    },
    tekstgrootte: (button) => {
      const now = Number((root.style.fontSize || "100%").replace("%", ""));
      const next = SIZES[(SIZES.indexOf(now) + 1) % SIZES.length];
      root.style.fontSize = next + "%";
      keep("vb-tekst", String(next));
      say(button.dataset.nu.replace("%", next));
    },
    sluit: () => close(),
    "druk-af": () => window.print(),
    kopieer: async (button) => {
      const good = await copy(button.dataset.tekst);
      const before = button.textContent;
      button.textContent = good ? button.dataset.klaar : button.dataset.mislukt;
      say(button.textContent);
      setTimeout(() => { button.textContent = before; }, 2500);
    },
    eenvoudiger: (button) => {
      const part = $(".vb-simpler", button.closest(".vb-turn"));
      part.hidden = !part.hidden;
      button.setAttribute("aria-expanded", String(!part.hidden));
      if (!part.hidden) part.focus({ preventScroll: false });
    },
    opnieuw: () => $("#vb-verstuur")?.click(),
  };

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const box = make("textarea", { "aria-hidden": "true", class: "vb-sr" });
      box.value = text;
      document.body.append(box);
      box.select();
      const good = document.execCommand("copy");
      box.remove();
      return good;
    }
  };

  /* --- a source opens beside the answer, or over it on a phone ---------------------------------------------------------- */

  let opener = null;
  const narrow = () => matchMedia("(max-width: 899px)").matches;
  const close = () => {
    const panel = dialog();
    if (panel?.open) panel.close();
  };
  const inView = (element) => {
    const { top, bottom } = element.getBoundingClientRect();
    if (top < 80 || bottom > innerHeight - 120) element.scrollIntoView({ block: "center" });
  };
  const open = async (button) => {
    const panel = dialog();
    const inside = $(".vb-bron-inhoud", panel);
    opener = button;
    document.querySelectorAll("[data-bron][aria-current]").forEach((b) => b.removeAttribute("aria-current"));
    button.setAttribute("aria-current", "true");
    inside.setAttribute("aria-busy", "true");
    inside.innerHTML = '<div class="vb-ghost"></div>';
    if (!panel.open) {
      if (narrow()) panel.showModal();
      else panel.show();
      root.classList.toggle("vb-bron-open", true);
      if (button.matches(".vb-cite")) inView(button); /* the answer makes room, and its lines move */
    }
    const { bron, van, tot } = button.dataset;
    let html;
    try {
      const answer = await fetch(`/bron?tekst=${encodeURIComponent(bron)}&van=${van}&tot=${tot}&taal=${language}`);
      if (answer.status === 401) { location.assign(location.pathname); return; }
      html = await answer.text();
    } catch {
      html = "";
    }
    if (opener !== button) return;
    inside.removeAttribute("aria-busy");
    if (html) inside.innerHTML = html; /* made by source_view.py, which escapes every word of a document */
    else inside.replaceChildren(make("p", { class: "vb-notice vb-warn", role: "alert", text: words("lost") }));
    panel.scrollTop = 0;
    $(".vb-bron-naam", panel).textContent = $(".vb-source-title", inside)?.textContent ?? "";
    $(".vb-source-title", inside)?.focus({ preventScroll: true });
    const mark = $("mark", inside);
    if (mark && mark.offsetTop > panel.clientHeight * 0.7) mark.scrollIntoView({ block: "center" });
  };
  const closed = () => {
    root.classList.remove("vb-bron-open");
    document.querySelectorAll("[data-bron][aria-current]").forEach((b) => b.removeAttribute("aria-current"));
    if (opener?.isConnected) {
      opener.focus({ preventScroll: true });
      inView(opener);
    }
    opener = null;
  };

  /* --- feedback: choose, look at exactly what will be sent, send --------------------------------------------------------- */

  const post = (path, value) =>
    fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(value) });

  const judge = (button) => {
    const part = button.closest(".vb-feedback");
    part.querySelectorAll("[data-oordeel]").forEach((b) => b.setAttribute("aria-pressed", String(b === button)));
    $("form", part)?.remove();
    const id = "toelichting-" + Math.random().toString(36).slice(2);
    const note = make("textarea", { id, rows: "2", maxlength: "1000", autocomplete: "off", spellcheck: "false", "aria-describedby": id + "-u" });
    const form = make("form", { class: "vb-form", autocomplete: "off" },
      make("label", { for: id, text: words("fbNote") }), note,
      make("p", { class: "vb-hint", id: id + "-u", text: words("fbNoteHint") }),
      make("button", { type: "submit", class: "vb-button", text: words("fbPreview") }));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      preview(form, { ...JSON.parse(part.dataset.wat), verdict: button.dataset.oordeel, note: note.value });
    });
    part.append(form);
    note.focus();
  };

  const named = (shown) => {
    const kind = (name) => words(name.replace(/_(\w)/g, (_, c) => c.toUpperCase()));
    return [
      [words("fbVerdict"), kind("fb_" + shown.verdict)],
      [words("fbQuestion"), shown.question],
      [words("fbNote").replace(/ \(.*/, ""), shown.note],
      [words("fbStatus"), kind("status_" + shown.status)],
      [words("fbTopic"), shown.topic],
      [words("fbPassages"), [...shown.shown, ...shown.passages].join(", ")],
      [words("fbRelease"), String(shown.release)],
    ];
  };

  const preview = async (form, value) => {
    const said = await asked("/terugkoppeling/bekijk", value);
    $(".vb-preview", form)?.remove();
    const box = make("div", { class: "vb-preview", role: "group", tabindex: "-1" });
    form.append(box);
    if (said.problem) { box.append(make("p", { class: "vb-notice vb-warn", role: "alert", text: said.problem })); return; }
    const list = make("dl");
    for (const [name, text] of named(said.value)) list.append(make("dt", { text: name }), make("dd", { text: text || words("fbEmpty") }));
    const send = make("button", { type: "button", class: "vb-button", text: words("fbSend") });
    const cancel = make("button", { type: "button", class: "vb-small", text: words("fbCancel") });
    box.append(make("p", { text: words("fbExact") }), list, make("p", { class: "vb-hint", text: words("fbDays").replace("{days}", form.closest(".vb-feedback").dataset.dagen) }),
      make("div", { class: "vb-actions" }, send, cancel));
    box.setAttribute("aria-label", words("fbExact"));
    box.focus();
    const part = form.closest(".vb-feedback");
    cancel.addEventListener("click", () => {
      form.remove();
      part.querySelectorAll("[data-oordeel]").forEach((b) => b.setAttribute("aria-pressed", "false"));
      $("[data-oordeel]", part).focus();
    });
    send.addEventListener("click", async () => {
      send.disabled = true;
      const sent = await asked("/terugkoppeling", said.value);
      const text = sent.problem || words("fbSent");
      form.replaceWith(make("p", { class: "vb-notice", role: "status", text }));
      if (!sent.problem) part.querySelectorAll("[data-oordeel]").forEach((b) => { b.disabled = true; });
    });
  };

  const asked = async (path, value) => {
    try {
      const answer = await post(path, value);
      if (answer.ok) return { value: await answer.json() };
      return { problem: answer.status === 503 ? words("fbWait") : words("fbFailed") };
    } catch {
      return { problem: words("fbFailed") };
    }
  };

  /* --- asking --------------------------------------------------------------------------------------------------------------- */

  /* Gradio shows the newest turn in #vb-gesprek; the ones before it are moved to #vb-eerder when it arrives. */
  const box = () => $("#vb-vraag textarea, #vb-vraag input");
  const talk = () => $("#vb-gesprek");
  let waiting = null; /* { timers, before } while a question is on its way; the question itself stays in the box */
  const newest = () => {
    const turn = $("#vb-gesprek .vb-turn");
    if (!turn || turn.dataset.status === "error") return null;
    const copy = turn.cloneNode(true); /* Gradio changes the nodes of the turn it shows */
    copy.querySelectorAll("form").forEach((form) => form.remove());
    copy.querySelectorAll("[aria-current]").forEach((e) => e.removeAttribute("aria-current"));
    return copy;
  };

  const fill = (text) => {
    const field = box();
    const proto = field instanceof HTMLTextAreaElement ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype;
    Object.getOwnPropertyDescriptor(proto, "value").set.call(field, text);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const example = (button) => {
    fill(button.dataset.vraag);
    setTimeout(() => $("#vb-verstuur").click(), 30); /* Gradio reads the box in its next turn */
  };

  const show = (text, again = false) => {
    const line = $("#vb-bezig");
    if (!line) return;
    line.hidden = !text;
    line.classList.toggle("vb-stuk", again);
    $(".vb-bezig-tekst", line).textContent = text;
    $("button", line)?.remove();
    if (again) line.append(make("button", { type: "button", class: "vb-small", "data-doe": "opnieuw", text: line.dataset.again }));
    if (text) say(text);
  };
  const asking = () => {
    const field = box();
    if (!field?.value.trim()) return;
    const line = $("#vb-bezig");
    const before = newest();
    stop();
    talk()?.setAttribute("aria-busy", "true");
    waiting = { before, timers: [
      setTimeout(() => show(line.dataset.busy), 250), /* an answer that is there sooner needs no such line */
      setTimeout(() => show(line.dataset.busyLong), 8000),
      setTimeout(lost, 45000),
    ] };
  };
  const stop = () => {
    waiting?.timers.forEach(clearTimeout);
    waiting = null;
    talk()?.removeAttribute("aria-busy");
    show("");
  };
  const lost = () => {
    if (!waiting) return;
    waiting.timers.forEach(clearTimeout);
    waiting = null;
    talk()?.removeAttribute("aria-busy");
    show($("#vb-bezig").dataset.lost, true);
  };
  window.addEventListener("offline", lost);

  /* Gradio's own requests for an answer. After one that fails on the way, Gradio stops and reloads the page as soon as it can, with
     the question and the conversation gone. So it is told that the server refused this one question, and stays as it is. */
  const fetched = window.fetch;
  const refused = 'data: {"msg": "unexpected_error", "message": "", "session_not_found": false, "success": false}\n\n';
  const stream = (body) => new Response(body, { headers: { "content-type": "text/event-stream" } });
  const lasting = (answer, signal) => {
    const reader = answer.body.getReader();
    return stream(new ReadableStream({
      async pull(out) {
        try {
          const { done, value } = await reader.read();
          if (done) out.close();
          else out.enqueue(value);
        } catch (error) {
          if (signal?.aborted) { out.error(error); return; }
          lost();
          out.enqueue(new TextEncoder().encode(refused));
          out.close();
        }
      },
      cancel: (reason) => reader.cancel(reason),
    }));
  };
  window.fetch = async (...given) => {
    const address = String(given[0]?.url ?? given[0]);
    const joins = address.includes("/gradio_api/queue/join");
    if (!box() || !(joins || address.includes("/gradio_api/queue/data"))) return fetched(...given);
    try {
      const answer = await fetched(...given);
      if (answer.status === 401 || answer.status === 403) location.assign(location.pathname);
      else if (!answer.ok) lost();
      return joins || !answer.ok ? answer : lasting(answer, given[1]?.signal);
    } catch (error) {
      if (given[1]?.signal?.aborted) throw error;
      lost();
      return joins ? new Response('{"detail": ""}', { status: 503 }) : stream(refused);
    }
  };

  let seen = 0; /* the number of the last turn that was read out */
  const arrived = () => {
    const last = $("#vb-gesprek .vb-turn");
    root.classList.toggle("vb-in-gesprek", Boolean(last));
    if (!last) {
      if (seen) afresh();
      return;
    }
    const number = Number(last.id.replace("beurt-", ""));
    const failed = last.dataset.status === "error";
    if ((number === seen && !failed) || (failed && !waiting)) return;
    if (waiting?.before && waiting.before.id !== last.id) $("#vb-eerder").append(waiting.before);
    if (!failed) seen = number;
    stop();
    close();
    say(last.dataset.zeg);
    last.scrollIntoView({ behavior: still() ? "auto" : "smooth", block: "start" });
    $(".vb-q", last)?.focus({ preventScroll: true });
  };
  const afresh = () => {
    seen = 0;
    stop();
    close();
    $("#vb-eerder").replaceChildren();
    window.scrollTo(0, 0);
    box()?.focus();
  };

  const started = () => {
    $("#vb-eerst")?.remove();
    for (const [selector, name] of [["#vb-vraag textarea, #vb-vraag input", "autocorrect"]]) $(selector)?.setAttribute(name, "off");
    arrived();
  };

  /* --- loading: say so, and when it is over ------------------------------------------------------------------------------- */

  const whenReady = async () => {
    if (!$("gradio-app")) return;
    let told = null;
    for (;;) {
      let state = "";
      try { state = (await (await fetched("/healthz")).json()).status; } catch { /* asked again below */ }
      if (state === "ready") break;
      if (!told && state === "loading") {
        told = make("p", { class: "vb-laden", role: "status", text: words("loading") });
        $("#inhoud").prepend(told);
      }
      if (state && state !== "loading") break;
      await new Promise((next) => setTimeout(next, 500));
    }
    told?.remove();
  };

  /* --- one listener for everything ------------------------------------------------------------------------------------------ */

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const button = target?.closest("[data-doe], [data-bron], [data-oordeel], [data-vraag], #vb-verstuur");
    if (!button) {
      if (target === dialog()) close(); /* beside the sheet on a phone */
      return;
    }
    if (button.dataset.doe) actions[button.dataset.doe]?.(button);
    else if (button.dataset.bron) open(button);
    else if (button.dataset.oordeel) judge(button);
    else if (button.dataset.vraag) example(button);
    else asking();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target === box()) asking();
  }, true);

  document.addEventListener("DOMContentLoaded", () => {
    dialog()?.addEventListener("close", closed);
    dialog()?.addEventListener("scroll", (event) => event.target.classList.toggle("vb-verder", event.target.scrollTop > 50));
    const app = $("gradio-app");
    if (app) {
      new MutationObserver(() => { if ($("#vb-vraag")) started(); }).observe(app, { childList: true, subtree: true, characterData: true });
      whenReady();
    }
    if (narrow()) $(".vb-contents details")?.removeAttribute("open");
    $("#citaat")?.scrollIntoView({ block: "center" });
  });
})();
