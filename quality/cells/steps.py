# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The SQL of the single sums. All steps read and extend one table, `cell`, in a DuckDB connection.

Belongs here: SQL. Does not belong here: which sums are needed (`cells`).

A part that is withheld makes the sum withheld; a part that is missing leaves the sum unformed. No sum is formed from
figures of two bases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import polars as pl

from raw.vocabulary.lists import lists
from transforms.catalogue.catalogue import Terms

CELL = (
    "cell", "measure", "concept", "dims", "area", "area_level", "area_vintage", "parent", "period", "basis", "value",
    "obs_status", "unit", "class", "publicity", "meaning", "relation", "terms", "sources", "provenance",
)  # fmt: skip
"""Columns of a cell, in order."""

RECIPE = {
    "source": pl.String, "table": pl.String, "concept": pl.String, "measure": pl.String, "wanted": pl.String,
    "dims": pl.String, "pieces": pl.Int32,
}  # fmt: skip

SAME_TERRITORY = 0.005
"""Relative change of an area's size up to which two vintages of one key are the same territory (cadastre, ALKIS)."""

_CREATE = """
create table cell (
    cell varchar, measure varchar, concept varchar, dims varchar, area varchar, area_level varchar,
    area_vintage varchar, parent varchar, period varchar, basis varchar, value double, obs_status varchar,
    unit varchar, class varchar, publicity varchar, meaning varchar, relation varchar,
    terms struct(cell varchar, coef double)[], sources varchar[], provenance varchar[]
)
"""

_STATUS = """
case when count(*) filter (where {status} = 'Q') > 0 then 'Q'
     when count(*) filter (where {status} = 'E') > 0 then 'E'
     when count(*) filter (where {status} = 'U') > 0 then 'U'
     when count(*) filter (where {status} = 'P') > 0 then 'P'
     when count(*) filter (where {status} = 'B') > 0 then 'B'
     else 'A' end
"""


_SUM = """
case when count(*) filter (where {status} = 'Q') = 0 then list_sum(list({value} order by {order})) end
"""
"""A sum whose last digits do not depend on the order in which rows come; none where a part is withheld."""


def _worst(column: str, order: Sequence[str], alias: str) -> str:
    """SQL for the most cautious value of a closed list, by its order."""
    ranks = ", ".join(f"'{value}'" for value in order)
    return f"list_extract([{ranks}], max(list_position([{ranks}], {column}))) as {alias}"


_CLASS = _worst("class", ("none", "personal", "social", "establishment"), "class")
_PUBLICITY = _worst("publicity", ("public", "confidential"), "publicity")


def _meaning() -> str:
    return _worst("meaning", tuple(lists()["meanings"]), "meaning")


def register_base(
    connection: duckdb.DuckDBPyConnection,
    checked: Sequence[Path],
    settings: pl.DataFrame | None,
    concepts: Sequence[str],
    concept_entries: Mapping[str, tuple[str, str]],
    areas: pl.DataFrame,
) -> None:
    """Create `base` (usable observations with class and publicity), `area_table` and the empty `cell`."""
    connection.execute(_CREATE)
    connection.register("areas_in", areas.to_arrow())
    connection.execute("create table area_table as select * from areas_in")
    entries = pl.DataFrame(
        [(name, *entry) for name, entry in concept_entries.items()],
        schema={"concept": pl.String, "unit": pl.String, "concept_class": pl.String},
        orient="row",
    )
    connection.register("concepts_in", entries.to_arrow())
    connection.execute("create table concept as select * from concepts_in")
    if settings is None or not checked:
        connection.execute(
            'create table base (source varchar, "table" varchar, snapshot varchar, cell varchar, concept varchar,'
            " dims varchar, area varchar, area_level varchar, area_vintage varchar, period varchar, basis varchar,"
            " value double, obs_status varchar, meaning varchar, published_on date, class varchar, publicity varchar)"
        )
        return
    connection.register("settings_in", settings.to_arrow())
    connection.execute(
        """
        create table base as
        select o.source, o."table", o.snapshot, o.cell, o.measure as concept, o.dims, o.area, o.area_level,
               o.area_vintage, o.period, o.basis, o.value, o.obs_status, o.meaning, o.published_on,
               s.class, s.publicity
        from read_parquet($paths) as o
        join settings_in as s on s.source = o.source and s."table" = o."table"
        where o.meaning <> 'unknown' and list_contains($concepts, o.measure)
        qualify row_number() over (
            partition by o.source, o."table", o.measure, o.dims, o.area, o.area_vintage, o.period, o.basis
            order by o.published_on desc nulls last, o.received_at desc, o.cell
        ) = 1
        """,
        {"paths": [str(path) for path in checked], "concepts": list(concepts)},
    )


def offered_dims(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str, str]]:
    """(source, table, concept, dims) that occur, sorted."""
    return connection.execute('select distinct source, "table", concept, dims from base order by all').fetchall()


def register_recipes(connection: duckdb.DuckDBPyConnection, recipes: pl.DataFrame) -> None:
    """Create `recipe` (columns of RECIPE)."""
    connection.register("recipes_in", recipes.to_arrow())
    connection.execute("create table recipe as select * from recipes_in")


def observed(connection: duckdb.DuckDBPyConnection) -> None:
    """Cells that stand in a delivery, or are sums of groups that do.

    Where several tables have the same cell, a published one goes first (what is public anyway is known), then the one
    with the fewest pieces, the best-known meaning and the latest publication; that they agree is not decided here.
    """
    connection.execute(
        f"""
        insert into cell
        with delivered as (
            select r.measure, r.wanted, r.pieces, o.* replace (
                       o.source || '/' || o."table" || '/' || left(o.snapshot, 12) || '/' || o.cell as cell
                   )
            from base as o
            join recipe as r
              on r.source = o.source and r."table" = o."table" and r.concept = o.concept and r.dims = o.dims
            where o.obs_status not in ('M', 'L', 'O')
        ),
        summed as (
            select measure, concept, wanted as dims, source, "table", area, area_level, area_vintage, period, basis,
                   pieces, published_on, value, obs_status, class, publicity, meaning, [cell] as provenance
            from delivered
            where pieces = 1
            union all
            select measure, concept, wanted, source, "table", area, area_level, area_vintage, period, basis,
                   pieces, max(published_on), {_SUM.format(value="value", status="obs_status", order="cell")},
                   {_STATUS.format(status="obs_status")}, {_CLASS}, {_PUBLICITY}, {_meaning()},
                   list(cell order by cell)
            from delivered
            where pieces > 1
            group by measure, concept, wanted, source, "table", area, area_level, area_vintage, period, basis, pieces
            having count(*) = pieces
        ),
        best as (
            select * from summed
            qualify row_number() over (
                partition by measure, area, area_vintage, period, basis
                order by publicity = 'public' desc, pieces, list_position(['stated', 'labelled', 'evidence'], meaning),
                         published_on desc nulls last, source, "table"
            ) = 1
        ),
        parents as (select area, area_level, max(parent) as parent from area_table group by area, area_level)
        select concat_ws('|', b.measure, b.area, b.area_vintage, b.period, b.basis), b.measure, b.concept, b.dims,
               b.area, b.area_level, b.area_vintage, p.parent, b.period, b.basis, b.value, b.obs_status, c.unit,
               case when list_position(['none', 'personal', 'social', 'establishment'], b.class)
                       < list_position(['none', 'personal', 'social', 'establishment'], c.concept_class)
                    then c.concept_class else b.class end,
               b.publicity, b.meaning, case when b.pieces = 1 then 'observed' else 'dims' end,
               []::struct(cell varchar, coef double)[], [b.source], b.provenance
        from best as b
        join concept as c on c.concept = b.concept
        left join parents as p on p.area = b.area and p.area_level = b.area_level
        """
    )


def municipal_sums(connection: duckdb.DuckDBPyConnection) -> None:
    """The city as the sum of its parts, where no table has the city's own figure on that basis and no part is missing.

    Sums are formed for municipal areas only; reference figures of Kreis, Land and Bund are their agency's.
    """
    municipal = [name for name, level in lists()["area_levels"].items() if level["kind"] == "municipal"]
    connection.execute(
        f"""
        insert into cell
        with expected as (
            select parent, area_level, area_vintage, count(*) as parts
            from area_table
            where list_contains($municipal, area_level) and parent is not null and not ends_with(area, '-99')
            group by parent, area_level, area_vintage
        ),
        summed as (
            select c.measure, c.concept, c.dims, c.parent as area, c.area_vintage, c.period, c.basis, c.area_level,
                   {_SUM.format(value="c.value", status="c.obs_status", order="c.cell")} as value,
                   {_STATUS.format(status="c.obs_status")} as obs_status, any_value(c.unit) as unit,
                   {_CLASS}, {_PUBLICITY}, {_meaning()},
                   list({{'cell': c.cell, 'coef': 1.0}} order by c.cell) as terms,
                   list_sort(list_distinct(flatten(list(c.sources)))) as sources,
                   count(*) filter (where not ends_with(c.area, '-99')) as parts
            from cell as c
            where list_contains($municipal, c.area_level) and c.parent is not null
            group by c.measure, c.concept, c.dims, c.parent, c.area_vintage, c.period, c.basis, c.area_level
        ),
        cities as (select area, area_level, max(parent) as parent from area_table group by area, area_level)
        select concat_ws('|', s.measure, s.area, s.area_vintage, s.period, s.basis), s.measure, s.concept, s.dims,
               s.area, city.area_level, s.area_vintage, city.parent, s.period, s.basis, s.value, s.obs_status, s.unit,
               s.class, s.publicity, s.meaning, 'areas', s.terms, s.sources, []::varchar[]
        from summed as s
        join expected as e
          on e.parent = s.area and e.area_level = s.area_level and e.area_vintage = s.area_vintage and e.parts = s.parts
        join cities as city on city.area = s.area
        where not exists (
            select 1 from cell as own
            where own.measure = s.measure and own.area = s.area and own.period = s.period and own.basis = s.basis
        )
        qualify row_number() over (
            partition by s.measure, s.area, s.area_vintage, s.period, s.basis order by e.parts desc, s.area_level
        ) = 1
        """,
        {"municipal": municipal},
    )


def period_rule(connection: duckdb.DuckDBPyConnection, measure: str, base: str, offsets: Mapping[int, float]) -> None:
    """Cells of a measure that looks at other years: the previous year, or the mean of two years.

    Years of two territories are not put together: the area's size must be the same in both (where it is known). Of
    several vintages of the other year the one of this cell goes first.
    """
    rule = pl.DataFrame(
        [(offset, coefficient) for offset, coefficient in offsets.items()],
        schema={"offset": pl.Int32, "coef": pl.Float64},
        orient="row",
    )
    connection.register("rule_in", rule.to_arrow())
    connection.execute(
        f"""
        insert into cell
        with size as (
            select area, area_level, area_vintage, avg(value) as km2 from cell where measure = 'area_km2' and value > 0
            group by area, area_level, area_vintage
        ),
        target as (
            select distinct area, area_level, parent, basis, period, area_vintage from cell where measure = $base
        ),
        joined as (
            select t.area, t.area_level, t.parent, t.basis, t.period, t.area_vintage, r.coef, c.cell, c.value,
                   c.obs_status, c.unit, c.class, c.publicity, c.meaning, c.sources, c.concept, c.dims
            from target as t
            cross join rule_in as r
            join cell as c
              on c.measure = $base and c.area = t.area and c.area_level = t.area_level and c.basis = t.basis
             and c.period = (cast(left(t.period, 4) as integer) + r."offset")::varchar || substr(t.period, 5)
            left join size as now
              on now.area = t.area and now.area_level = t.area_level and now.area_vintage = t.area_vintage
            left join size as then_
              on then_.area = c.area and then_.area_level = c.area_level and then_.area_vintage = c.area_vintage
            where now.km2 is null or then_.km2 is null or abs(now.km2 - then_.km2) <= {SAME_TERRITORY} * now.km2
            qualify row_number() over (
                partition by t.area, t.area_level, t.basis, t.period, t.area_vintage, r."offset"
                order by c.area_vintage = t.area_vintage desc, c.area_vintage desc
            ) = 1
        )
        select concat_ws('|', $measure, area, area_vintage, period, basis), $measure, any_value(concept),
               any_value(dims), area, area_level, area_vintage, any_value(parent), period, basis,
               {_SUM.format(value="coef * value", status="obs_status", order="cell")},
               {_STATUS.format(status="obs_status")}, any_value(unit), {_CLASS}, {_PUBLICITY}, {_meaning()}, 'periods',
               list({{'cell': cell, 'coef': coef}} order by cell), list_sort(list_distinct(flatten(list(sources)))),
               []::varchar[]
        from joined
        group by area, area_level, area_vintage, period, basis
        having count(*) = {len(offsets)}
        """,
        {"base": base, "measure": measure},
    )


def combination(connection: duckdb.DuckDBPyConnection, text: str, terms: Terms) -> None:
    """Cells of an expression such as `births - deaths`: all terms of one area, vintage, period and basis."""
    rule = pl.DataFrame(terms, schema={"coef": pl.Float64, "measure": pl.String}, orient="row")
    connection.register("terms_in", rule.to_arrow())
    connection.execute(
        f"""
        insert into cell
        select concat_ws('|', $text, c.area, c.area_vintage, c.period, c.basis), $text, $text, '', c.area, c.area_level,
               c.area_vintage, any_value(c.parent), c.period, c.basis,
               {_SUM.format(value="t.coef * c.value", status="c.obs_status", order="c.cell")},
               {_STATUS.format(status="c.obs_status")}, any_value(c.unit), {_CLASS}, {_PUBLICITY}, {_meaning()},
               'combination', list({{'cell': c.cell, 'coef': t.coef}} order by c.cell),
               list_sort(list_distinct(flatten(list(c.sources)))), []::varchar[]
        from cell as c
        join terms_in as t on t.measure = c.measure
        group by c.area, c.area_level, c.area_vintage, c.period, c.basis
        having count(*) = {len(terms)}
        """,
        {"text": text},
    )


def result(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """All cells, sorted by id; equal input gives equal rows in equal order."""
    return connection.execute(f"select {', '.join(CELL)} from cell order by cell").pl()
