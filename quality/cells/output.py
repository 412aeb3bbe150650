# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The files of cells: parts with what their cells were made of, and combinations of measures.

Belongs here: what is written. Does not belong here: the sums of one concept (`steps`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb
import polars as pl

from quality.cells.sql import CLASSES, MEANINGS, PUBLICITIES, RELATIONS, STATUSES, number, quoted, same_table, text


def write_part(connection: duckdb.DuckDBPyConnection, sources: Sequence[str], stated: pl.DataFrame, part: Path) -> None:
    """Write the cells of a concept (columns PART): those of `formed`, and those that stand in `delivery` as they are.

    `stated`: measure, source, table, dims, class, publicity, own_table.
    """
    masks = connection.execute("select distinct sources from formed").fetchall()
    texts = [(mask, ";".join(name for bit, name in enumerate(sources) if mask >> bit & 1)) for (mask,) in masks]
    frame = pl.DataFrame(texts, schema={"mask": pl.UInt64, "sources": pl.String}, orient="row")
    connection.register("source_set_in", frame.to_arrow())
    connection.register("stated_in", stated.to_arrow())
    as_they_are = f"""
        union all
        select k.measure, o.area, o.area_level, o.area_vintage, o.period, o.basis,
               case when o.obs_status <> 'Q' then o.value end, o.obs_status, k.class, k.publicity, o.meaning,
               'observed', k.source, k.own_table
        from delivery as o join stated_in as k on {same_table(stated)}
    """
    connection.execute(
        f"""
        copy (
            select n.name as measure, p.area, p.area_level, p.area_vintage, p.period, p.basis, f.value,
                   {text("f.status", STATUSES)} as obs_status, {text("f.class", CLASSES)} as class,
                   {text("f.publicity", PUBLICITIES)} as publicity,
                   {text("f.meaning", MEANINGS)} as meaning,
                   {text("f.relation", RELATIONS)} as relation, s.sources, a."table"
            from formed as f
            join place as p on p.place = f.place
            join measure_name as n on n.measure = f.measure
            join source_set_in as s on s.mask = f.sources
            left join candidate as a on a.candidate = f.candidate
            {as_they_are if stated.height else ""}
        ) to {quoted(str(part))} (format parquet)
        """
    )


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


def combinations(
    connection: duckdb.DuckDBPyConnection,
    parts: Iterable[Path],
    expressions: Mapping[str, Sequence[tuple[float, str]]],
    target: Path,
) -> int:
    """Cells of expressions such as `births - deaths`: all terms of one area, vintage, period and basis (PART)."""
    files = ", ".join(quoted(str(path)) for path in parts)
    queries = [_combined(name, terms, files) for name, terms in sorted(expressions.items())]
    connection.execute(f"copy ({' union all '.join(queries)}) to {quoted(str(target))} (format parquet)")
    row = connection.execute(f"select count(*) from read_parquet({quoted(str(target))})").fetchone()
    return int(row[0]) if row else 0


def _combined(expression: str, terms: Sequence[tuple[float, str]], files: str) -> str:
    """One join per term; the worst status, class, publicity and meaning of all."""
    names = [f"t{number}" for number in range(len(terms))]
    first = names[0]
    tables = " ".join(
        f"{'from' if name == first else 'join'} (select * from read_parquet([{files}]) where measure = "
        f"{quoted(measure)}) as {name}" + ("" if name == first else " using (area, area_vintage, period, basis)")
        for name, (_, measure) in zip(names, terms, strict=True)
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
        select {quoted(expression)} as measure, area, {first}.area_level, area_vintage, period, basis,
               ({value})::double as value, {worst("obs_status", STATUSES)}, {worst("class", CLASSES)},
               {worst("publicity", PUBLICITIES)}, {worst("meaning", MEANINGS)},
               'combination' as relation, {sources}, null::varchar as "table"
        {tables}
    """
