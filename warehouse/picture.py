# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""One picture of a release: a map of the city's districts beside the course of three KPIs.

Here belongs how the published marts are drawn, and only from them: a withheld value is a hatched area, because
there is nothing else in the files. Not here: any computation of a KPI.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from math import cos, radians
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path as Outline
from matplotlib.ticker import FuncFormatter, MaxNLocator

from warehouse.picture_data import PictureError, ReleasedMarts

MAP_KPIS = ("child_poverty_0_17", "unemployed_share", "share_65_plus", "pop_density", "pop_total")
SERIES_KPIS = (
    "unemployed_share",
    "child_poverty_0_17",
    "share_65_plus",
    "share_0_17",
    "share_foreign",
    "birth_rate",
)

_SHADES = (
    "#f3f5b4",
    "#a1dab4",
    "#41b6c4",
    "#2c7fb8",
    "#253494",
)  # ColorBrewer YlGnBu, safe for colour blindness
_INK, _MUTED, _LINE, _BAND, _LAND, _BUND = "#1d2733", "#5b6876", "#253494", "#dbe7f1", "#b35806", "#6b6b6b"
_BORDER: dict[str, Any] = {"edgecolor": "#52626f", "linewidth": 0.5}
_HATCHED: dict[str, Any] = {"facecolor": "#e4e4e4", "edgecolor": "#8c8c8c", "hatch": "////", "linewidth": 0.4}


def overview(
    marts_dir: Path,
    geojson: Path | None,
    out: Path,
    lang: str = "de",
    *,
    city: str | None = None,
    map_kpi: str | None = None,
    series_kpis: Sequence[str] | None = None,
    release: str = "",
    synthetic: bool = False,
) -> Path:
    """Draw the overview of one tier into `out` (PNG, about 2,400 × 1,500 pixels) and return its path.

    `marts_dir` holds `kpi_value__area_period.parquet`, `kpi.parquet`, `area.parquet` and `source.parquet`.
    `geojson` has one feature per district with the property `area` (its key); without it the districts are drawn as
    ranked bars. `city` is the key of the parent area, by default the one with most districts. KPIs that are not
    named are chosen from those that have values. `lang` is `de` or `en`. Raises PictureError without any value.
    """
    marts = ReleasedMarts(marts_dir, lang)
    city = city or marts.city([*MAP_KPIS, *SERIES_KPIS])
    chosen = [map_kpi] if map_kpi else marts.available(MAP_KPIS, city)
    courses = list(series_kpis or marts.available(SERIES_KPIS, city))[:3]
    if not chosen or not courses:
        raise PictureError(f"{marts_dir} holds no values of districts")
    figure = Figure(figsize=(16, 10), dpi=150, facecolor="white")
    FigureCanvasAgg(figure)
    with mpl.rc_context({"font.family": "DejaVu Sans", "text.color": _INK, "hatch.linewidth": 0.6}):
        _draw_districts(figure, marts, chosen[0], city, geojson)
        _draw_courses(figure, marts, courses, city)
        _draw_frame(figure, marts, [chosen[0], *courses], city, release, synthetic)
        out.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(out, metadata={"Software": "Lagebild"})
    return out


def _classes(values: Sequence[float], decimals: int) -> list[float]:
    """Bounds of up to five classes with about equally many districts, on figures as published."""
    ordered = sorted(values)
    inner = {round(ordered[len(ordered) * step // 5], decimals) for step in range(1, 5)}
    return [ordered[0], *sorted(bound for bound in inner if ordered[0] < bound <= ordered[-1]), ordered[-1]]


def _shade(value: float, bounds: Sequence[float]) -> str:
    place = sum(value >= bound for bound in bounds[1:-1])
    return _shades(len(bounds) - 1)[place]


def _shades(count: int) -> tuple[str, ...]:
    return _SHADES if count >= 5 else tuple(_SHADES[round(i * 4 / max(count - 1, 1))] for i in range(count))


def _draw_districts(figure: Figure, marts: ReleasedMarts, kpi: str, city: str, geojson: Path | None) -> None:
    _, districts = marts.districts(kpi, city)
    axes = figure.add_axes((0.05, 0.06, 0.55, 0.785))
    axes.set_axis_off()
    decimals = marts.decimals(kpi)
    values = [value for _, value, _ in districts.values() if value is not None]
    bounds = _classes(values, decimals)
    features = _features(geojson, districts) if geojson else {}
    if features:
        _draw_map(axes, features, districts, bounds)
        _draw_extremes(axes, features, districts, marts, decimals)
    else:
        _draw_bars(axes, districts, bounds, marts, decimals)
    _draw_legend(figure, districts, bounds, marts, kpi, "lower left" if features else "lower right")


def _features(geojson: Path, districts: dict[str, Any]) -> dict[str, list[list[list[list[float]]]]]:
    """Of each district: its polygons, each a list of rings."""
    content = json.loads(geojson.read_text(encoding="utf-8"))
    shapes = {feature["properties"].get("area"): feature["geometry"] for feature in content["features"]}
    return {
        area: [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        for area, shape in shapes.items()
        if area in districts
    }


def _draw_map(axes: Axes, features: dict[str, Any], districts: dict[str, Any], bounds: list[float]) -> None:
    latitudes = [point[1] for parts in features.values() for part in parts for point in part[0]]
    for area, parts in features.items():
        outline = Outline.make_compound_path(*(Outline(ring, closed=True) for part in parts for ring in part))
        value = districts[area][1]
        style = _HATCHED if value is None else {"facecolor": _shade(value, bounds), **_BORDER}
        axes.add_patch(PathPatch(outline, **style))
    axes.set_aspect(1 / max(0.2, cos(radians(sum(latitudes) / len(latitudes)))))
    axes.margins(0.01)
    axes.autoscale_view()


def _draw_extremes(
    axes: Axes, features: dict[str, Any], districts: dict[str, Any], marts: ReleasedMarts, decimals: int
) -> None:
    """Name the three highest and the lowest district, so that the map says something at first sight."""
    ranked = [area for area, (_, value, _) in districts.items() if value is not None and area in features]
    for area in dict.fromkeys([*ranked[-3:], *ranked[:1]]):
        ring = max((part[0] for part in features[area]), key=len)
        x, y = (sum(point[axis] for point in ring) / len(ring) for axis in (0, 1))
        name, value, _ = districts[area]
        axes.annotate(
            f"{name}\n{marts.figure(value, decimals)}",
            (x, y),
            ha="center",
            va="center",
            fontsize=8.5,
            fontweight="bold",
            color=_INK,
            linespacing=1.15,
            bbox={"boxstyle": "round,pad=0.28", "facecolor": "white", "edgecolor": "none", "alpha": 0.86},
        )


def _draw_bars(axes: Axes, districts: dict[str, Any], bounds: list[float], marts: ReleasedMarts, decimals: int) -> None:
    """Ranked bars for a release without geometry."""
    size = min(8.0, 8.0 * 45 / max(len(districts), 1))  # more than 45 names need smaller letters
    for place, (name, value, _) in enumerate(districts.values()):
        if value is None:
            axes.barh(place, bounds[-1] * 0.04, height=0.8, **_HATCHED)
        else:
            axes.barh(place, value, height=0.8, color=_shade(value, bounds), edgecolor="#c9d3dc", linewidth=0.5)
        shown = "" if value is None else f"  {marts.figure(value, decimals)}"
        axes.text(-bounds[-1] * 0.01, place, name, ha="right", va="center", fontsize=size)
        axes.text(max(value or 0, bounds[-1] * 0.05), place, shown, va="center", fontsize=size)
    axes.set_xlim(-bounds[-1] * 0.3, bounds[-1] * 1.12)
    axes.set_ylim(-1, len(districts))


def _draw_legend(
    figure: Figure,
    districts: dict[str, Any],
    bounds: list[float],
    marts: ReleasedMarts,
    kpi: str,
    corner: Literal["lower left", "lower right"],
) -> None:
    decimals, values = marts.decimals(kpi), [value for _, value, _ in districts.values()]
    shades = _shades(len(bounds) - 1)
    handles = []
    for place, shade in enumerate(shades):
        count = sum(value is not None and _shade(value, bounds) == shade for value in values)
        last = place == len(shades) - 1
        upper = bounds[place + 1] if last else bounds[place + 1] - 10**-decimals
        label = f"{marts.figure(bounds[place], decimals)} – {marts.figure(upper, decimals)}  ({count})"
        handles.append(Patch(facecolor=shade, edgecolor="#c9d3dc", label=label))
    for word, statuses in (("withheld", "Q"), ("missing", "MLO")):
        count = sum(status in statuses for _, _, status in districts.values())
        if count:
            handles.append(Patch(label=f"{marts.words[word]}  ({count})", **_HATCHED))
    figure.legend(
        handles=handles,
        title=f"{marts.unit(kpi)}   ({marts.words['districts']})",
        loc=corner,
        bbox_to_anchor=(0.025, 0.06, 0.57, 0.7),
        frameon=False,
        fontsize=9.5,
        title_fontsize=9.5,
        alignment="left",
        labelspacing=0.45,
    )


def _draw_courses(figure: Figure, marts: ReleasedMarts, kpis: Sequence[str], city: str) -> None:
    height, gap = 0.175, 0.085
    for place, kpi in enumerate(kpis):
        axes = figure.add_axes((0.645, 0.645 - place * (height + gap), 0.265, height))
        _draw_course(axes, marts, kpi, city)
    figure.text(0.645, 0.09, f"▮ {marts.words['band']}", color="#7f9db9", fontsize=9)


def _draw_course(axes: Axes, marts: ReleasedMarts, kpi: str, city: str) -> None:
    lines = [
        (marts.course(kpi, "DG", str(marts.words["bund"])), _BUND, (0, (2, 2)), 1.4),
        (marts.course(kpi, city[:2], marts.name(city[:2])), _LAND, (0, (5, 2)), 1.6),
        (marts.city_course(kpi, city), _LINE, "solid", 2.6),
    ]
    band = marts.quartiles(kpi, city)
    if band:
        periods, lows, highs = zip(*band, strict=True)
        axes.fill_between([int(p) for p in periods], lows, highs, color=_BAND, linewidth=0, zorder=1)
    ends = []
    for series, colour, dashes, width in lines:
        if series.points:
            years, values = [int(p) for p, _ in series.points], [value for _, value in series.points]
            axes.plot(years, values, color=colour, linestyle=dashes, linewidth=width, zorder=3)
            ends.append((values[-1], years[-1], series.name, colour))
    title = "\n".join(textwrap.wrap(marts.title(kpi), 52))
    axes.set_title(title, loc="left", fontsize=10.5, fontweight="bold", color=_INK, pad=8)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: marts.figure(value, _tick_decimals(axes))))
    axes.tick_params(length=0, labelsize=9, colors=_MUTED)
    axes.grid(axis="y", color="#e6eaee", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#b8c2cc")
    axes.margins(x=0.01, y=0.12)
    _label_ends(axes, ends, marts, marts.decimals(kpi))


def _tick_decimals(axes: Axes) -> int:
    ticks = [float(tick) for tick in axes.get_yticks()]
    return next((n for n in range(6) if all(round(tick, n) == round(tick, 6) for tick in ticks)), 6)


def _label_ends(axes: Axes, ends: list[tuple[float, int, str, str]], marts: ReleasedMarts, decimals: int) -> None:
    """Name each line at its end, pushed apart so that no two names overlap."""
    low, high = axes.get_ylim()
    step = (high - low) * 0.15
    heights: list[float] = []
    for value, *_ in sorted(ends):
        heights.append(max(value, heights[-1] + step) if heights else value)
    overshoot = max(0.0, (heights[-1] if heights else 0) - high)
    for (value, year, name, colour), height in zip(sorted(ends), heights, strict=True):
        axes.annotate(
            f"{name.split(' (')[0].split(',')[0]} {marts.figure(value, decimals)}",
            (year, height - overshoot / 2),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=colour,
            fontweight="bold" if colour == _LINE else "normal",
            annotation_clip=False,
        )


def _draw_frame(
    figure: Figure, marts: ReleasedMarts, kpis: Sequence[str], city: str, release: str, synthetic: bool
) -> None:
    """City, title and sources of the picture; the first KPI is that of the map."""
    kpi = kpis[0]
    period, _ = marts.districts(kpi, city)
    words = marts.words
    figure.text(0.03, 0.945, marts.name(city), fontsize=13, color=_MUTED, fontweight="bold", va="center")
    figure.text(0.03, 0.905, marts.title(kpi), fontsize=19, fontweight="bold", color=_INK, va="center")
    figure.text(0.03, 0.868, str(words["lead"]).format(period=period), fontsize=12, color=_MUTED, va="center")
    source = str(words["source"]).format(sources=marts.sources(kpis, city), release=release or "–")
    figure.text(0.03, 0.03, source, fontsize=8.5, color=_MUTED, va="center")
    if synthetic:
        figure.text(
            0.975,
            0.945,
            str(words["synthetic"]),
            fontsize=9.5,
            fontweight="bold",
            color="#8a4b08",
            ha="right",
            va="center",
            bbox={"boxstyle": "round,pad=0.5", "facecolor": "#fff1d6", "edgecolor": "#e8b765"},
        )
