/* Runs before anything is drawn: the chosen look, the language of Gradio's own words, and Gradio's templates without eval.
   Only the look is kept in this browser: "vb-weergave" and "vb-tekst". Nothing about a question ever is. */
"use strict";
(() => {
  const root = document.documentElement;
  const kept = (name) => { try { return localStorage.getItem(name); } catch { return null; } };

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const look = () => {
    const chosen = kept("vb-weergave");
    root.dataset.weergave = chosen === "licht" || chosen === "donker" ? chosen : dark.matches ? "donker" : "licht";
  };
  look();
  dark.addEventListener("change", look);
  const percent = Number(kept("vb-tekst"));
  if ([112, 125, 150].includes(percent)) root.style.fontSize = percent + "%";

  /* Gradio translates its own words by the browser's language; here the page decides. */
  const language = root.lang === "en" ? "en" : "nl";
  for (const [name, value] of [["language", language], ["languages", [language]]])
    Object.defineProperty(Navigator.prototype, name, { get: () => value, configurable: true });

  /* Gradio compiles the template "${value}" of an HTML block with Function(), which our Content-Security-Policy forbids.
     These are the only forms it needs; any other string still goes to the browser and is refused. */
  const constant = /^\s*(?:"use strict";)?\s*return ("(?:[^"\\\n]|\\.)*");?\s*$/;
  const compiled = (names, body) => {
    if (/^\s*return `\$\{value\}`;\s*$/.test(body)) {
      const at = names.indexOf("value");
      return (...given) => String(at < 0 ? "" : given[at] ?? "");
    }
    if (/^\s*return `[^`$\\]*`;\s*$/.test(body)) {
      const text = body.slice(body.indexOf("`") + 1, body.lastIndexOf("`"));
      return () => text;
    }
    const found = constant.exec(body);
    if (found) {
      const text = JSON.parse(found[1]);
      return () => text;
    }
    return null;
  };
  const make = (native, given) => {
    const parts = given.map(String);
    return compiled(parts.slice(0, -1), parts.at(-1) ?? "") ?? native(...given);
  };
  window.Function = new Proxy(Function, {
    apply: (native, _, given) => make(native, given),
    construct: (native, given) => make(native, given),
  });
})();
