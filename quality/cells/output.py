# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The files of cells: parts with what their cells were made of, and combinations of measures.

Belongs here: what is written. Does not belong here: the sums of one concept (`steps`).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from quality.cells.sql import (
    CLASSES,
    MEANINGS,
    ORIGIN,
    PUBLICITIES,
    RELATIONS,
    STATUSES,
    number,
    quoted,
    same_table,
    text,
)


def write_part(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[str], stated: pl.DataFrame, formed: bool, part: Path
) -> list[list[str | None]]:
    """Write the cells of a concept (columns PART); returns their origins (columns ORIGIN) by number.

    Cells are those of `formed`, and those that stand in `delivery` as they are. `stated`: measure, source, table, dims,
    class, publicity, own_table.
    """
    origins, queries = [], []
    if formed:
        origins += _origins_of_formed(connection, sources)
        queries.append(_FORMED)
    if stated.height:
        direct = stated.with_row_index("origin").select(
            "measure", "source", "table", "dims", (pl.col("origin") * len(MEANINGS) + len(origins)).cast(pl.Int16)
        )
        connection.register("stated_in", direct.to_arrow())
        origins += [
            [row["class"], row["publicity"], meaning, "observed", row["source"], row["own_table"]]
            for row in stated.iter_rows(named=True)
            for meaning in MEANINGS
        ]
        queries.append(
            f"""
            select k.measure, o.area, o.area_level, o.area_vintage, o.period, o.basis,
                   case when o.obs_status <> 'Q' then o.value end as value, o.obs_status,
                   (k.origin + {number("o.meaning", MEANINGS)})::smallint as origin
            from delivery as o join stated_in as k on {same_table(stated)}
            """
        )
    connection.execute(f"copy ({' union all '.join(queries)}) to {quoted(str(part))} (format parquet)")
    return origins


_FORMED = f"""
select n.name as measure, p.area, p.area_level, p.area_vintage, p.period, p.basis, f.value,
       {text("f.status", STATUSES)} as obs_status, o.origin
from formed as f
join place as p on p.place = f.place
join measure_name as n on n.measure = f.measure
join origin as o
  on o.class = f.class and o.publicity = f.publicity and o.meaning = f.meaning and o.relation = f.relation
 and o.sources = f.sources and o.candidate is not distinct from f.candidate
"""


def _origins_of_formed(connection: duckdb.DuckDBPyConnection, sources: Sequence[str]) -> list[list[str | None]]:
    """Create `origin`, and write the origins out."""
    connection.execute(
        """
        create or replace temp table origin as
        select (row_number() over () - 1)::smallint as origin, *
        from (select distinct class, publicity, meaning, relation, sources, candidate from formed order by all)
        """
    )
    rows = connection.execute(
        'select o.*, a."table" from origin as o left join candidate as a using (candidate) order by o.origin'
    ).fetchall()
    return [
        [CLASSES[klass], PUBLICITIES[public], MEANINGS[meaning], RELATIONS[relation],
         ";".join(name for bit, name in enumerate(sources) if mask >> bit & 1), table]
        for _, klass, public, meaning, relation, mask, _, table in rows
    ]  # fmt: skip


def has_terms(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether some cell was made of other cells."""
    row = connection.execute("select exists (from edge)").fetchone()
    return bool(row and row[0])


def write_terms(connection: duckdb.DuckDBPyConnection, terms: Path) -> None:
    """Write what cells were made of (columns TERM)."""
    connection.execute(
        f"""
        copy (
            select n.name as measure, p.area, p.area_vintage, p.period, p.basis, m.name as term_measure,
                   q.area as term_area, q.area_vintage as term_vintage, q.period as term_period, e.coef
            from edge as e
            join place as p on p.place = e.place
            join place as q on q.place = e.term_place
            join measure_name as n on n.measure = e.measure
            join measure_name as m on m.measure = e.term_measure
        ) to {quoted(str(terms))} (format parquet)
        """
    )


Origins = Sequence[Sequence[str | None]]


@dataclass(frozen=True)
class Part:
    """A part file and its origins."""

    path: Path
    origins: Origins


def combinations(
    connection: duckdb.DuckDBPyConnection,
    parts: Mapping[str, Part],
    expressions: Mapping[str, Sequence[tuple[float, str]]],
    target: Path,
) -> list[list[str | None]]:
    """Cells of expressions such as `births - deaths`: all terms of one area, vintage, period and basis (PART).

    `parts`: measure → the part that has its cells; every term has one. Returns the origins of the combinations.
    """
    origins: list[list[str | None]] = []
    queries = []
    for number_of, (expression, terms) in enumerate(sorted(expressions.items())):
        used = [parts[measure] for _, measure in terms]
        connection.register(f"mixed_{number_of}", _mixed([part.origins for part in used], origins).to_arrow())
        queries.append(_combined(expression, terms, used, f"mixed_{number_of}"))
    connection.execute(f"copy ({' union all '.join(queries)}) to {quoted(str(target))} (format parquet)")
    return origins


def _mixed(parts: Sequence[Origins], origins: list[list[str | None]]) -> pl.DataFrame:
    """For each choice of origins of the terms (t0, t1, ...) the origin of what is made of them, new ones at the end."""
    rows = []
    for chosen in itertools.product(*(range(len(part)) for part in parts)):
        of_terms = [part[number] for part, number in zip(parts, chosen, strict=True)]
        own = _most_cautious(of_terms)
        if own not in origins:
            origins.append(own)
        rows.append((*chosen, origins.index(own)))
    names = [f"t{place}" for place in range(len(parts))]
    return pl.DataFrame(rows, schema=dict.fromkeys((*names, "origin"), pl.Int16), orient="row")


def _most_cautious(origins: Sequence[Sequence[str | None]]) -> list[str | None]:
    """The origin of a combination: the worst class, publicity and meaning of its terms, and all their sources."""
    worst = [
        max((str(one[place]) for one in origins), key=order.index)
        for place, order in enumerate((CLASSES, PUBLICITIES, MEANINGS))
    ]
    sources = sorted({name for one in origins for name in str(one[ORIGIN.index("sources")]).split(";")})
    return [*worst, "combination", ";".join(sources), None]


def _combined(expression: str, terms: Sequence[tuple[float, str]], parts: Sequence[Part], mixed: str) -> str:
    """One join per term; the worst status of all."""
    names = [f"t{place}" for place in range(len(terms))]
    cells = [
        f"(select * from read_parquet({quoted(str(part.path))}) where measure = {quoted(measure)}) as {name}"
        for name, part, (_, measure) in zip(names, parts, terms, strict=True)
    ]
    joined = " join ".join([cells[0], *(f"{one} using (area, area_vintage, period, basis)" for one in cells[1:])])
    value = " + ".join(f"{coef!r} * {name}.value" for name, (coef, _) in zip(names, terms, strict=True))
    ranks = ", ".join(number(f"{name}.obs_status", STATUSES) for name in names)
    same = " and ".join(f"{name}.obs_status = t0.obs_status" for name in names[1:]) or "true"
    worst = f"case when {same} then t0.obs_status else {text(f'greatest({ranks})', STATUSES)} end"
    origin = " and ".join(f"m.{name} = {name}.origin" for name in names)
    return f"""
        select {quoted(expression)} as measure, area, t0.area_level, area_vintage, period, basis,
               ({value})::double as value, {worst} as obs_status, m.origin
        from {joined} join {mixed} as m on {origin}
    """
