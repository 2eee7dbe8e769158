#!/usr/bin/env python3
"""The figures of a page of `whichfirst lab --html` as one SVG, for a document.

    whichfirst lab --html page.html
    scripts/lab_picture.py page.html >docs/lab.svg

A column an order; in each row a stage: its first picture and its curve, value against place.
"""
import html
import re
import sys

PICTURE, CURVE, ROW, COLUMN = 96, 300, 124, 450
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1c1d20; } .head { font-weight: 600; font-size: 15px; }
.curve { fill: none; stroke: #0a6b8a; stroke-width: 1.6; } .axis { stroke: #ccd; }
.frame { fill: none; stroke: #ccd; } .high { fill: #c2410c; } .low { fill: #2166ac; } .none { fill: #1c1d20; }
svg text { font-size: 11px; fill: #667; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6e6ea; } .curve { stroke: #5cc8e8; } .axis, .frame { stroke: #3a3d44; }
  .low { fill: #6ab0f3; } .none { fill: #e6e6ea; } svg svg text { fill: #9aa; } }
"""


def placed(svg, x, y, width):
    """An inner svg element at (x, y), `width` wide, its shape kept."""
    view = re.search(r'viewBox="([^"]*)"', svg).group(1)
    height = width * float(view.split()[3]) / float(view.split()[2])
    body = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.S).group(1)
    return (f'<svg x="{x}" y="{y}" width="{width}" height="{height:.0f}" viewBox="{view}">'
            f"{body}</svg>")


def figures(text):
    """(caption, picture, curve) of each figure."""
    for figure in re.findall(r"<figure>(.*?)</figure>", text, re.S):
        svgs = re.findall(r"<svg.*?</svg>", figure, re.S)
        if len(svgs) > 1:  # a page of many stages does not draw all
            yield re.search(r"<figcaption>(.*?)</figcaption>", figure, re.S).group(1), *svgs[:2]


def main():
    page = open(sys.argv[1], encoding="utf-8").read()
    orders = re.findall(r"<section>\s*<h2>(.*?)</h2>(.*?)</section>", page, re.S)
    start = next(figures(page[: page.index("<section>")]))
    parts, rows = [], 0

    def add(figure, x, y):
        caption, picture, curve = figure
        parts.append(f'<text x="{x}" y="{y - 6}">{caption}</text>')
        parts.append(placed(picture, x, y, PICTURE))
        parts.append(placed(curve, x + PICTURE + 16, y, CURVE))

    add(start, 8, 24)
    for column, (name, body) in enumerate(orders):
        x = 8 + column * COLUMN
        parts.append(f'<text class="head" x="{x}" y="{ROW + 30}">{name}</text>')
        for row, figure in enumerate(figures(body)):
            add(figure, x, ROW + 60 + row * ROW)
            rows = max(rows, row + 1)
    width, height = 8 + len(orders) * COLUMN, ROW + 60 + rows * ROW
    label = html.escape("What " + " and ".join(name for name, _ in orders) + " do to a picture")
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
          f'viewBox="0 0 {width} {height}" role="img" aria-label="{label}">\n<style>{STYLE}</style>')
    print("\n".join(parts))
    print("</svg>")


main()
