"""The few drawings in the sample corpus, kept as shapes so that HTML gets SVG and PDF gets vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

INK, SOFT, WARM = "#2f4858", "#d7e3ea", "#e9c46a"


@dataclass(frozen=True, slots=True)
class Shape:
    """One drawing step; coordinates in points, y downwards as in SVG."""

    kind: str  # line | circle | polygon | text
    numbers: tuple[float, ...]  # line: x1 y1 x2 y2; circle: x y r; polygon: x y x y ...; text: x y
    fill: str = ""
    text: str = ""


WIDTH, HEIGHT = 360.0, 200.0


def _line(*xy: float) -> Shape:
    return Shape("line", xy)


def _circle(x: float, y: float, r: float, fill: str = SOFT) -> Shape:
    return Shape("circle", (x, y, r), fill)


def _polygon(*xy: float, fill: str = SOFT) -> Shape:
    return Shape("polygon", xy, fill)


def _text(x: float, y: float, text: str) -> Shape:
    return Shape("text", (x, y), text=text)


def _triangle() -> tuple[Shape, ...]:
    return (
        _polygon(180, 34, 70, 160, 290, 160), _circle(180, 118, 30, WARM), _text(180, 122, "hulpvrager"),
        _text(180, 24, "vertrouwelijkheid"), _text(70, 180, "veiligheid"), _text(270, 180, "realistische verwachtingen"),
    )  # fmt: skip


def _cup(x: float, y: float) -> tuple[Shape, ...]:
    return (
        _polygon(x, y, x + 26, y, x + 22, y + 24, x + 4, y + 24, fill=WARM), _circle(x + 29, y + 10, 6, "#ffffff"),
        _line(x + 8, y - 4, x + 11, y - 12), _line(x + 16, y - 4, x + 19, y - 12),
    )  # fmt: skip


def _chair(x: float, back: float) -> tuple[Shape, ...]:
    """A seat at x with its back `back` points further."""
    left, right = x + back, x + back + 8
    return (
        _polygon(x, 100, x + 54, 100, x + 54, 112, x, 112), _line(x + 4, 112, x + 4, 160), _line(x + 50, 112, x + 50, 160),
        _polygon(left, 40, right, 40, right, 100, left, 100),
    )  # fmt: skip


def _two_chairs() -> tuple[Shape, ...]:
    table = (_polygon(130, 118, 230, 118, 230, 126, 130, 126), _line(180, 126, 180, 160))
    return (*_chair(50, 0), *_chair(256, 46), *table, *_cup(146, 94), *_cup(190, 94))


def _door() -> tuple[Shape, ...]:
    return (
        _polygon(110, 20, 250, 20, 250, 180, 110, 180, fill=WARM), _polygon(110, 20, 214, 34, 214, 194, 110, 180),
        _circle(200, 112, 5, INK), _line(60, 180, 110, 180), _line(250, 180, 310, 180),
    )  # fmt: skip


def _tea_and_phone() -> tuple[Shape, ...]:
    flowers = tuple(s for x in (250, 272, 294) for s in (_line(x, 150, x, 96), _circle(x, 84, 12, "#b79fd1")))
    table = _line(40, 152, 320, 152)
    return (table, *_cup(70, 128), _polygon(150, 92, 190, 92, 190, 150, 150, 150), _circle(170, 142, 3, INK), *flowers)


def _person(x: float) -> tuple[Shape, ...]:
    return (_circle(x, 62, 20, WARM), _polygon(x - 30, 140, x - 22, 92, x + 22, 92, x + 30, 140))


def _two_people() -> tuple[Shape, ...]:
    return (*_person(100), *_person(260), _polygon(80, 140, 280, 140, 280, 150, 80, 150), *_cup(140, 116), *_cup(190, 116))


PICTURES: dict[str, Callable[[], tuple[Shape, ...]]] = {
    "driehoek": _triangle,
    "gesprek_naast_elkaar": _two_chairs,
    "deur_op_een_kier": _door,
    "nieuwsbrief_thee": _tea_and_phone,
    "folder_gesprek": _two_people,
}


def svg(name: str) -> str:
    """A self-contained SVG of the drawing."""
    steps = "".join(_svg_shape(s) for s in PICTURES[name]())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}" height="{HEIGHT:g}" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" '
        f'stroke="{INK}" stroke-width="2" font-family="sans-serif" font-size="12">{steps}</svg>'
    )


def _svg_shape(s: Shape) -> str:
    n = [f"{v:g}" for v in s.numbers]
    if s.kind == "line":
        return f'<line x1="{n[0]}" y1="{n[1]}" x2="{n[2]}" y2="{n[3]}"/>'
    if s.kind == "circle":
        return f'<circle cx="{n[0]}" cy="{n[1]}" r="{n[2]}" fill="{s.fill}"/>'
    if s.kind == "polygon":
        return f'<polygon points="{" ".join(n)}" fill="{s.fill}"/>'
    return f'<text x="{n[0]}" y="{n[1]}" text-anchor="middle" stroke="none" fill="{INK}">{escape(s.text)}</text>'


def drawing(name: str, font: str) -> Any:
    """The drawing as a reportlab flowable, centred."""
    from reportlab.graphics.shapes import Drawing

    picture = Drawing(WIDTH, HEIGHT, hAlign="CENTER")
    for shape in PICTURES[name]():
        picture.add(_vector(shape, font))
    return picture


def _vector(s: Shape, font: str) -> Any:
    from reportlab.graphics.shapes import Circle, Line, Polygon, String
    from reportlab.lib.colors import HexColor

    ink = HexColor(INK)
    flipped = [HEIGHT - v if i % 2 else v for i, v in enumerate(s.numbers)]
    if s.kind == "line":
        return Line(*flipped, strokeColor=ink, strokeWidth=1.5)
    if s.kind == "circle":
        return Circle(flipped[0], flipped[1], s.numbers[2], fillColor=HexColor(s.fill), strokeColor=ink, strokeWidth=1.5)
    if s.kind == "polygon":
        return Polygon(flipped, fillColor=HexColor(s.fill), strokeColor=ink, strokeWidth=1.5)
    return String(flipped[0], flipped[1], s.text, fontName=font, fontSize=9, fillColor=ink, textAnchor="middle")
