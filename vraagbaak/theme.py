"""The look of the Gradio parts: every colour and size points at a variable of static/app.css, so light and dark live in one place."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

STATIC = files("vraagbaak") / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
FONT = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Ubuntu", "Cantarell", "Noto Sans", "DejaVu Sans", "sans-serif")


@cache
def static(name: str) -> bytes:
    """A file of static/. Raises FileNotFoundError for any other name."""
    if "/" in name or "\\" in name or name.startswith(".") or not any(name.endswith(t) for t in TYPES):
        raise FileNotFoundError(name)
    return (STATIC / name).read_bytes()


@cache
def static_address(name: str) -> str:
    """Where a file of static/ is served; changes with its contents, so that browsers may keep it."""
    return f"/eigen/{name}?v={sha256(static(name)).hexdigest()[:12]}"


def theme() -> Any:
    """A Gradio theme without any font to fetch."""
    import gradio as gr

    both = {
        "body_background_fill": "var(--vb-paper)",
        "body_text_color": "var(--vb-ink)",
        "body_text_color_subdued": "var(--vb-soft)",
        "background_fill_primary": "var(--vb-paper)",
        "background_fill_secondary": "var(--vb-sheet)",
        "block_background_fill": "var(--vb-sheet)",
        "block_border_color": "var(--vb-line)",
        "block_label_background_fill": "var(--vb-sheet)",
        "block_label_text_color": "var(--vb-soft)",
        "block_title_text_color": "var(--vb-ink)",
        "block_info_text_color": "var(--vb-soft)",
        "border_color_primary": "var(--vb-line)",
        "border_color_accent": "var(--vb-accent)",
        "color_accent_soft": "var(--vb-tint)",
        "panel_background_fill": "var(--vb-sheet)",
        "input_background_fill": "var(--vb-sheet)",
        "input_border_color": "var(--vb-edge)",
        "input_border_color_focus": "var(--vb-accent)",
        "input_placeholder_color": "var(--vb-soft)",
        "link_text_color": "var(--vb-accent)",
        "link_text_color_hover": "var(--vb-accent)",
        "link_text_color_visited": "var(--vb-accent)",
        "link_text_color_active": "var(--vb-accent)",
        "button_primary_background_fill": "var(--vb-accent)",
        "button_primary_background_fill_hover": "var(--vb-accent-strong)",
        "button_primary_text_color": "var(--vb-on-accent)",
        "button_secondary_background_fill": "var(--vb-sheet)",
        "button_secondary_background_fill_hover": "var(--vb-tint)",
        "button_secondary_text_color": "var(--vb-ink)",
        "button_secondary_border_color": "var(--vb-edge)",
        "table_even_background_fill": "var(--vb-sheet)",
        "table_odd_background_fill": "var(--vb-paper)",
        "table_text_color": "var(--vb-ink)",
        "table_border_color": "var(--vb-line)",
        "table_row_focus": "var(--vb-tint)",
        "checkbox_background_color": "var(--vb-sheet)",
        "checkbox_label_background_fill": "var(--vb-sheet)",
        "checkbox_label_text_color": "var(--vb-ink)",
        "error_background_fill": "var(--vb-alarm-tint)",
        "error_text_color": "var(--vb-alarm)",
        "error_border_color": "var(--vb-alarm)",
    }
    settings = {**both, **{f"{name}_dark": value for name, value in both.items()}}
    base = gr.themes.Base(font=FONT, font_mono=("ui-monospace", "DejaVu Sans Mono", "monospace"), radius_size="lg", text_size="md")
    known = set(vars(base)) | set(base.set.__code__.co_varnames)
    return base.set(**{name: value for name, value in settings.items() if name in known})
