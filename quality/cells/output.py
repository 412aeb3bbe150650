# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The files of cells: parts with what their cells were made of, and combinations of measures.

Belongs here: what is written. Does not belong here: the sums of one concept (`steps`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True)
class Part:
    """A part file and its origins."""

    path: Path
    origins: Sequence[Sequence[str | None]]


def combinations(
    connection: duckdb.DuckDBPyConnection,
    parts: Mapping[str, Part],
    expressions: Mapping[str, Sequence[tuple[float, str]]],
    target: Path,
) -> list[list[str | None]]:
    """Cells of expressions such as `births - deaths`: all terms of one area, vintage, period and basis (PART).

    `parts`: measure → the part that has its cells; every term has one. Returns the origins of the combinations.
    """
    connection.execute(
        """
        create or replace temp table combined (
            measure varchar, area varchar, area_level varchar, area_vintage varchar, period varchar, basis varchar,
            value double, obs_status varchar, class varchar, publicity varchar, meaning varchar, sources varchar
        )
        """
    )
    for expression, terms in sorted(expressions.items()):
        for place, (_, measure) in enumerate(terms):
            _term_view(connection, f"term_{place}", measure, parts[measure])
        connection.execute(f"insert into combined {_combined(expression, terms)}")
    connection.execute(
        f"""
        create or replace temp table origin as
        select (row_number() over () - 1)::smallint as origin, *
        from (select distinct class, publicity, meaning, sources from combined order by all);
        copy (
            select c.measure, c.area, c.area_level, c.area_vintage, c.period, c.basis, c.value, c.obs_status, o.origin
            from combined as c join origin as o using (class, publicity, meaning, sources)
        ) to {quoted(str(target))} (format parquet);
        drop table combined;
        """
    )
    rows = connection.execute("select class, publicity, meaning, sources from origin order by origin").fetchall()
    return [[klass, public, meaning, "combination", names, None] for klass, public, meaning, names in rows]


def _term_view(connection: duckdb.DuckDBPyConnection, name: str, measure: str, part: Part) -> None:
    """The cells of one measure with the texts of their origins."""
    schema: dict[str, Any] = {"origin": pl.Int16, **dict.fromkeys(ORIGIN, pl.String)}
    frame = pl.DataFrame([(number, *one) for number, one in enumerate(part.origins)], schema=schema, orient="row")
    connection.register(f"{name}_origin", frame.to_arrow())
    connection.execute(
        f"""
        create or replace temp view {name} as
        select c.*, o.class, o.publicity, o.meaning, o.sources
        from read_parquet({quoted(str(part.path))}) as c join {name}_origin as o using (origin)
        where c.measure = {quoted(measure)}
        """
    )


def _combined(expression: str, terms: Sequence[tuple[float, str]]) -> str:
    """One join per term; the worst status, class, publicity and meaning of all."""
    names = [f"t{place}" for place in range(len(terms))]
    first = names[0]
    tables = " ".join(
        f"from term_{place} as {name}"
        if name == first
        else f"join term_{place} as {name} using (area, area_vintage, period, basis)"
        for place, name in enumerate(names)
    )
    value = " + ".join(f"{coef!r} * {name}.value" for name, (coef, _) in zip(names, terms, strict=True))

    def worst(column: str, order: Sequence[str]) -> str:
        same = " and ".join(f"{name}.{column} = {first}.{column}" for name in names[1:]) or "true"
        ranks = ", ".join(number(f"{name}.{column}", order) for name in names)
        highest = f"greatest({ranks})" if len(names) > 1 else ranks
        return f"case when {same} then {first}.{column} else {text(highest, order)} end as {column}"

    union = " || ';' || ".join(f"{name}.sources" for name in names)
    same = " and ".join(f"{name}.sources = {first}.sources" for name in names[1:]) or "true"
    sources = (
        f"case when {same} then {first}.sources "
        f"else array_to_string(list_sort(list_distinct(string_split({union}, ';'))), ';') end as sources"
    )
    return f"""
        select {quoted(expression)}, area, {first}.area_level, area_vintage, period, basis, ({value})::double,
               {worst("obs_status", STATUSES)}, {worst("class", CLASSES)}, {worst("publicity", PUBLICITIES)},
               {worst("meaning", MEANINGS)}, {sources}
        {tables}
    """
