# SPDX-License-Identifier: GPL-2.0-or-later
"""Plots as SVG text: bars and lines over logarithmic axes. Nothing but the standard library."""
import math
from html import escape

WIDTH, ROW, LEFT, RIGHT, TOP = 860, 20, 330, 70, 44
COLOURS = ("#1b6ca8", "#c8553d", "#3a7d44", "#8a5a9e", "#b8860b", "#555555")
FONT = 'font-family="sans-serif" font-size="12"'


def text(x, y, words, anchor="start", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(words)}</text>'


def line(x1, y1, x2, y2, colour="#ddd", more=""):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" {more}/>'


def document(height, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" {FONT}>\n'
            f'<rect width="{WIDTH}" height="{height}" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n")


def decades(low, high):
    return range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)


def plain(value):
    return f"{value:g}" if value < 1 or value >= 100 else f"{value:.3g}"


def bars(title, groups):
    """groups: (heading, ((label, ADD in ms, DEL in ms), ...)). One pair of bars a row, on one logarithmic scale."""
    values = [v for _, rows in groups for row in rows for v in row[1:]]
    if not values:
        return document(TOP, [text(10, 20, title)])
    ticks = decades(min(values), max(values))
    scale = (WIDTH - LEFT - RIGHT) / max(1, ticks[-1] - ticks[0])
    height = TOP + sum(2 + len(rows) for _, rows in groups) * ROW + 24
    x_of = (lambda v: LEFT + (math.log10(v) - ticks[0]) * scale)
    parts = [text(10, 20, title, more='font-weight="bold"'), text(LEFT, 36, "ADD", more=f'fill="{COLOURS[0]}"'),
             text(LEFT + 40, 36, "DEL", more=f'fill="{COLOURS[1]}"'), text(LEFT + 80, 36, "median in ms, logarithmic", more='fill="#555"')]
    for d in ticks:
        parts += [line(x_of(10 ** d), TOP, x_of(10 ** d), height - 20), text(x_of(10 ** d), height - 6, plain(10.0 ** d), "middle")]
    y = TOP
    for heading, rows in groups:
        y += ROW * 1.5
        parts.append(text(10, y, heading, more='font-weight="bold"'))
        y += ROW * .5
        for label, add, delete in rows:
            parts.append(text(LEFT - 8, y + 12, label, "end"))
            for n, value in enumerate((add, delete)):
                parts.append(f'<rect x="{LEFT}" y="{y + 1 + n * 8:.1f}" width="{max(1, x_of(value) - LEFT):.1f}" height="7" fill="{COLOURS[n]}"/>')
                parts.append(text(max(LEFT, x_of(value)) + 4, y + 8 + n * 8, plain(value), more='font-size="9"'))
            y += ROW
    return document(round(height), parts)


def curves(title, panels):
    """panels: (heading, ((series, ((size, ms), ...)), ...)). Logarithmic both ways: what is flat is a level line."""
    wide, tall, gap = 330, 190, 90
    parts = [text(10, 20, title, more='font-weight="bold"')]
    for n, (heading, series) in enumerate(panels):
        left, top = 60 + (n % 2) * (wide + gap), 50 + (n // 2) * (tall + gap)
        parts += panel(left, top, wide, tall, heading, series)
    return document(60 + (len(panels) + 1) // 2 * (tall + gap), parts)


def panel(left, top, wide, tall, heading, series):
    points = [p for _, row in series for p in row]
    if not points:
        return [text(left, top - 8, heading)]
    xs, ys = decades(1, max(2, max(p[0] for p in points))), decades(min(p[1] for p in points), max(p[1] for p in points))
    x_of = (lambda v: left + math.log10(v) / max(1, xs[-1]) * wide)
    y_of = (lambda v: top + tall - (math.log10(v) - ys[0]) / max(1, ys[-1] - ys[0]) * tall)
    parts = [text(left, top - 8, heading, more='font-weight="bold"')]
    for d in xs:
        parts += [line(x_of(10 ** d), top, x_of(10 ** d), top + tall), text(x_of(10 ** d), top + tall + 15, plain(10 ** d), "middle")]
    for d in ys:
        parts += [line(left, y_of(10.0 ** d), left + wide, y_of(10.0 ** d)), text(left - 6, y_of(10.0 ** d) + 4, plain(10.0 ** d), "end")]
    for n, (name, row) in enumerate(series):
        path = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in row)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[n]}" stroke-width="2"/>')
        parts += [f'<circle cx="{x_of(x):.1f}" cy="{y_of(y):.1f}" r="2.5" fill="{COLOURS[n]}"/>' for x, y in row]
        parts.append(text(left + n * 110, top + tall + 32, name, more=f'fill="{COLOURS[n]}"'))
    return parts
