# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The map of the synthetic Land: polygons of the Stadtteile and Gemeinden without gaps or overlaps.

Belongs here: shapes, centres and sizes. Does not belong here: names and keys (`territory`), people
(`population`).

A jittered triangular lattice covers the map. Each lattice point is given to an area, and the area is what
the points' cells (the dual hexagons) cover together. Neighbours share their vertices, so smoothing keeps
the borders tight. The map lies in the open North Sea: nobody can take it for a real place.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STEP_KM = 0.55
ORIGIN_LON, ORIGIN_LAT = 6.40, 54.55
CITY_CENTRE, CITY_RADIUS = np.array([0.0, 0.0]), 8.2
KREIS_CENTRE, KREIS_RADIUS = np.array([11.0, -6.0]), 18.0
OUTSIDE = -1


@dataclass(frozen=True)
class Shapes:
    """Per area (Stadtteile, then Gemeinden): rings in km, size in whole ha, centre; and the merged one."""

    rings: list[list[Floats]]
    hectares: Ints
    centres: Floats
    merged: list[Floats]


def build(rng: np.random.Generator, stadtteile: int, gemeinden: int, merge: tuple[int, int]) -> Shapes:
    """Draw the map. Small areas lie in the middle of the city, large ones at its edge.

    `merge` are the places of two Gemeinden that shall lie beside each other.
    """
    points, triangles = _lattice(rng)
    in_city = _inside(points, CITY_CENTRE, CITY_RADIUS, rng)
    in_kreis = _inside(points, KREIS_CENTRE, KREIS_RADIUS, rng) & ~in_city
    owner = np.full(len(points), OUTSIDE, np.int64)
    owner[in_city] = _nearest(points[in_city], _city_sites(points[in_city], stadtteile, rng))
    owner[in_kreis] = stadtteile + _nearest(points[in_kreis], _spread_sites(points[in_kreis], gemeinden, merge, rng))
    vertices = points[triangles].mean(axis=1)
    borders = _borders(owner, triangles)
    _smooth(vertices, borders)
    rings = [_rings(vertices, borders[area]) for area in range(stadtteile + gemeinden)]
    size = [sum(_signed_area(ring) for ring in parts) for parts in rings]
    centres = np.array([points[owner == area].mean(axis=0) for area in range(stadtteile + gemeinden)])
    pair = (stadtteile + merge[0], stadtteile + merge[1])
    outer = {start: edge for area in pair for start, edge in borders[area].items() if edge[1] not in pair}
    return Shapes(rings, np.rint(np.array(size) * 100).astype(np.int64), centres, _rings(vertices, outer))


def _lattice(rng: np.random.Generator) -> tuple[Floats, Ints]:
    """Jittered points and their triangles (indices of three points, anticlockwise)."""
    left, bottom, width, height = -14.0, -31.0, 50.0, 50.0
    columns, rows = int(width / STEP_KM), int(height / (STEP_KM * 0.866))
    row, column = np.mgrid[0:rows, 0:columns]
    x = left + (column + 0.5 * (row % 2)) * STEP_KM
    y = bottom + row * STEP_KM * 0.866
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    points += rng.uniform(-0.33, 0.33, points.shape) * STEP_KM
    index = row * columns + column
    a, b = index[:-1, :-1].ravel(), index[:-1, 1:].ravel()
    c, d = index[1:, :-1].ravel(), index[1:, 1:].ravel()
    odd = (row[:-1, :-1] % 2).ravel().astype(bool)
    first = np.where(odd[:, None], np.stack([a, d, c], 1), np.stack([a, b, c], 1))
    second = np.where(odd[:, None], np.stack([a, b, d], 1), np.stack([b, d, c], 1))
    return points, np.concatenate([first, second])


def _inside(points: Floats, centre: Floats, radius: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Inside of a star-shaped blob: a circle whose radius swings with the angle."""
    offset = points - centre
    angle = np.arctan2(offset[:, 1], offset[:, 0])
    swing = np.ones(len(points))
    for wave in range(2, 8):
        swing += rng.normal(0, 0.19 / wave) * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    inside: NDArray[np.bool_] = np.hypot(offset[:, 0], offset[:, 1]) < radius * np.clip(swing, 0.75, 1.25)
    return inside


def _nearest(points: Floats, sites: Floats) -> Ints:
    return np.argmin(((points[:, None, :] - sites[None]) ** 2).sum(axis=2), axis=1)


def _city_sites(points: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Sunflower pattern from the centre outwards (site 0 is the centre), relaxed once."""
    turn = np.arange(count) * 2.39996 + rng.uniform(0, 2 * np.pi)
    ray = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    along, across = points @ ray.T, np.abs(points @ np.stack([-ray[:, 1], ray[:, 0]], axis=0))
    reach = np.where((along > 0) & (across < STEP_KM), along, 0).max(axis=0)
    wanted = ray * (reach * 0.95 * ((np.arange(count) + 0.3) / count) ** 0.72)[:, None]
    sites = wanted + rng.normal(0, 0.2, wanted.shape)
    return _relax(points, points[_nearest(sites, points)])


def _spread_sites(points: Floats, count: int, merge: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Sites far from each other; the two that will merge are neighbours."""
    chosen = [int(rng.integers(len(points)))]
    distance = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    for _ in range(count - 1):
        chosen.append(int(np.argmax(distance * rng.uniform(0.5, 1.0, len(points)))))
        distance = np.minimum(distance, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
    sites = _relax(points, points[chosen])
    first, second = merge
    others = [site for site in range(count) if site != first]
    closest = min(others, key=lambda site: float(((sites[site] - sites[first]) ** 2).sum()))
    sites[[second, closest]] = sites[[closest, second]]
    return sites


def _relax(points: Floats, sites: Floats) -> Floats:
    owner = _nearest(points, sites)
    return np.array([points[owner == site].mean(axis=0) for site in range(len(sites))])


def _borders(owner: Ints, triangles: Ints) -> dict[int, dict[int, tuple[int, int]]]:
    """Per area the directed border edges: start vertex → (end vertex, area on the other side).

    A vertex is a triangle; the edge between two triangles crosses the link of their two common points and has
    the first of them on its left.
    """
    ends = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    where = np.tile(np.arange(len(triangles)), 3)
    left_triangle = {(int(p), int(q)): int(t) for (p, q), t in zip(ends, where, strict=True)}
    borders: dict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    for (p, q), triangle in left_triangle.items():
        here, there = int(owner[p]), int(owner[q])
        if here != there and here != OUTSIDE and (q, p) in left_triangle:
            # The triangle of (p, q) lies to the left of p → q: the border around p runs right to left.
            borders[here][left_triangle[(q, p)]] = (triangle, there)
    return borders


def _smooth(vertices: Floats, borders: dict[int, dict[int, tuple[int, int]]], rounds: int = 2) -> None:
    """Move each border vertex towards its border neighbours; where three areas meet it stays."""
    links: dict[int, set[int]] = defaultdict(set)
    for edges in borders.values():
        for start, (end, _) in edges.items():
            links[start].add(end)
            links[end].add(start)
    plain = [(vertex, sorted(near)) for vertex, near in sorted(links.items()) if len(near) == 2]
    index = np.array([vertex for vertex, _ in plain])
    near = np.array([pair for _, pair in plain])
    for _ in range(rounds):
        vertices[index] = 0.5 * vertices[index] + 0.5 * vertices[near].mean(axis=1)


def _rings(vertices: Floats, edges: dict[int, tuple[int, int]]) -> list[Floats]:
    """The closed rings of one area, the largest first."""
    left = dict(edges)
    rings = []
    while left:
        start = min(left)
        path, vertex = [start], left.pop(start)[0]
        while vertex != start:
            path.append(vertex)
            vertex = left.pop(vertex)[0]
        rings.append(vertices[[*path, start]])
    return sorted(rings, key=lambda ring: -abs(_signed_area(ring)))


def _signed_area(ring: Floats) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


def lon_lat(point: Floats) -> tuple[float, float]:
    """Geographic coordinates of a point of the map, five decimals."""
    lat = ORIGIN_LAT + float(point[1]) / 111.2
    lon = ORIGIN_LON + float(point[0]) / (111.32 * np.cos(np.radians(ORIGIN_LAT)))
    return round(float(lon), 5), round(lat, 5)


def feature(key: str, name: str, rings: list[Floats]) -> dict[str, Any]:
    """A GeoJSON feature; parts that lie apart become a MultiPolygon, a ring that runs clockwise is a hole."""
    outer = [ring for ring in rings if _signed_area(ring) > 0]
    holes = [ring for ring in rings if _signed_area(ring) < 0]
    parts = [[[list(lon_lat(p)) for p in ring]] for ring in outer]
    parts[0].extend([[list(lon_lat(p)) for p in ring] for ring in holes])
    single = len(parts) == 1
    return {
        "type": "Feature",
        "properties": {"area": key, "name": name, "synthetic": True},
        "geometry": {
            "type": "Polygon" if single else "MultiPolygon",
            "coordinates": parts[0] if single else parts,
        },
    }


def collection(name: str, features: list[dict[str, Any]]) -> dict[str, Any]:
    """A GeoJSON file that says that it is synthetic."""
    return {"type": "FeatureCollection", "name": name, "synthetic": True, "features": features}
