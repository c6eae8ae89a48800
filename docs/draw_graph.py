#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws the graph of a hang from the report alone: whyhung --json vmcore | draw_graph.py > hang.svg"""
import html
import json
import sys

WIDTH, LINE, GAP = 250, 16, 70
LOOK = {"culprit": 'fill="#ffd9d2" stroke-width="3"', "victim": 'fill="#f2f2f2"', "resource": 'fill="#fff" rx="14"',
        "cpu": 'fill="#e4ecff" stroke-dasharray="6 3"'}

graph = json.load(sys.stdin)["graph"]
nodes, edges = graph["nodes"], graph["edges"]
column = [0] * len(nodes)  # a node stands to the right of those that wait for it; a circle ends with the number of nodes
for _ in nodes:
    for edge in edges:
        column[edge["to"]] = max(column[edge["to"]], min(column[edge["from"]] + 1, len(nodes) - 1))
filled, place = {}, []
for node, at in zip(nodes, column):
    place.append((20 + sorted(set(column)).index(at) * (WIDTH + GAP), filled.get(at, 20), 10 + LINE * len(node["label"])))
    filled[at] = place[-1][1] + place[-1][2] + 30
print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{max((x for x, _, _ in place), default=0) + WIDTH + 20}" '
      f'height="{max(filled.values(), default=20)}" font-family="sans-serif" font-size="13" fill="none" stroke="#333">')
for edge in edges:
    (x1, y1, h1), (x2, y2, h2) = place[edge["from"]], place[edge["to"]]
    print(f'<path d="M{x1 + WIDTH},{y1 + h1 / 2} L{x2},{y2 + h2 / 2}"/><text stroke="none" fill="#333" font-size="11" '
          f'x="{(x1 + WIDTH + x2) / 2 - 30}" y="{(y1 + h1 / 2 + y2 + h2 / 2) / 2 - 4}">{html.escape(edge["label"])}</text>')
for node, (x, y, height) in zip(nodes, place):
    print(f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{height}" {LOOK[node["role"]]}/>')
    for number, line in enumerate(node["label"]):
        print(f'<text stroke="none" fill="#111" x="{x + 8}" y="{y + 16 + LINE * number}">{html.escape(line[:44])}</text>')
print("</svg>")
