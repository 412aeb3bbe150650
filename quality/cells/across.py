# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The SQL of sums across areas and years: larger areas, the chosen vintage, other years of one territory.

Belongs here: steps that read `link` and `territory`. Does not belong here: what is formed at one place and from
its months (`steps`), and where the links come from (`quality.areas`).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import polars as pl

from quality.cells.sql import ESTIMATED, RELATIONS, WITHHELD, quoted, total
from quality.cells.steps import WORST, Profile, close, new_places

_UPPER = ("kreis", "gemeindeverband", "regierungsbezirk")
_TARGETS = "select to_area as area, to_level as area_level, to_vintage as area_vintage, period, basis"


def leads_up(connection: duckdb.DuckDBPyConnection, profiles: Sequence[Profile], municipal: Sequence[str]) -> bool:
    """Whether some level of a concept is part of a larger one for which sums are formed (`areas`)."""
    ways = connection.execute(
        """
        select distinct from_level, from_vintage, to_level from link
        where kind = 'within' and (parts > 1 or not list_contains($upper, to_level))
        """,
        {"upper": list(_UPPER)},
    ).fetchall()
    return any(
        (level, vintage) == (origin, year) and (target not in _UPPER or basis in municipal)
        for origin, year, target in ways
        for _, level, vintage, _, basis in profiles
    )


def areas(connection: duckdb.DuckDBPyConnection, weight_class: str, municipal_bases: Sequence[str]) -> None:
    """Larger areas as the sum of their parts, where no table has their own figure on that basis and no part is missing.

    A city from its Stadtteile, a Stadtteil from its Quartiere; a Kreis from several Gemeinden, and only on bases that
    they keep themselves, for reference figures of Kreis, Land and Bund are their agency's. What cannot be assigned to
    an area (`-99`) belongs to the city, but need not be there. Of several levels below the one without estimates goes
    first, then the finest.
    """
    connection.execute(
        """
        create or replace temp table up as
        select p.place, l.to_area, l.to_level, l.to_vintage, p.period, p.basis, l.from_level, l.weight,
               l.weight <> 1 or l.inferred as guess, l.parts, not ends_with(p.area, '-99') as counted
        from place as p
        join link as l
          on l.kind = 'within' and l.weight_class = $weight_class and l.from_area = p.area
         and l.from_level = p.area_level and l.from_vintage = p.area_vintage
        where not list_contains($upper, l.to_level)
           or (list_contains($municipal, p.basis) and l.parts > 1)
        """,
        {"weight_class": weight_class, "municipal": list(municipal_bases), "upper": list(_UPPER)},
    )
    row = connection.execute("select count(*) from up").fetchone()
    if not row or row[0] == 0:
        return
    connection.execute(
        f"""
        {new_places(_TARGETS + " from up")}
        create or replace temp table contribution as
        with sum_of_level as (
            select f.measure, b.place, f.place as term_place, u.weight as coef, u.guess, f.value, f.status, f.class,
                   f.publicity, f.meaning, f.sources, u.from_level, u.parts, u.counted
            from formed as f
            join up as u on u.place = f.place
            join place as b
              on b.area = u.to_area and b.area_vintage = u.to_vintage and b.period = u.period and b.basis = u.basis
            where f.relation in ({RELATIONS.index("observed")}, {RELATIONS.index("dims")},
                                 {RELATIONS.index("frequency")})
        ),
        taken as (
            select s.measure, s.place, s.from_level
            from (
                select measure, place, from_level, bool_or(guess) as guess, any_value(parts) as parts
                from sum_of_level group by measure, place, from_level
                having count(*) filter (counted) = any_value(parts)
            ) as s
            join place as b on b.place = s.place
            anti join (
                select f.measure, p.area, p.period, p.basis from formed as f join place as p using (place)
                where p.area in (select to_area from up)
            ) as own
              on own.measure = s.measure and own.area = b.area and own.period = b.period and own.basis = b.basis
            qualify row_number() over (
                partition by s.measure, s.place order by s.guess, s.parts desc, s.from_level
            ) = 1
        )
        select s.* exclude (from_level, parts, counted) from sum_of_level as s
        semi join taken as t on t.measure = s.measure and t.place = s.place and t.from_level = s.from_level;
        """
    )
    close(connection, "areas", "true", estimated=True)


def vintage(connection: duckdb.DuckDBPyConnection, weight_class: str, chosen: str, additive: bool) -> None:
    """Every cell of an earlier vintage on the chosen one too. What cannot be added stays where an area stayed whole."""
    connection.execute(
        """
        create or replace temp table moved as
        select p.place, l.to_area, l.to_level, l.to_vintage, p.period, p.basis, l.weight,
               l.weight <> 1 or l.inferred as guess, l.parts
        from place as p
        join link as l
          on l.kind = 'vintage' and l.weight_class = $weight_class and l.from_area = p.area
         and l.from_level = p.area_level and l.from_vintage = p.area_vintage and l.to_vintage = $chosen
        where $additive or (l.parts = 1 and l.weight = 1)
        """,
        {"weight_class": weight_class, "chosen": chosen, "additive": additive},
    )
    connection.execute(
        f"""
        {new_places(_TARGETS + " from moved")}
        create or replace temp table contribution as
        select f.measure, b.place, f.place as term_place, m.weight as coef, m.guess, m.parts, f.value, f.status,
               f.class, f.publicity, f.meaning, f.sources
        from formed as f
        join moved as m on m.place = f.place
        join place as b
          on b.area = m.to_area and b.area_vintage = m.to_vintage and b.period = m.period and b.basis = m.basis
        anti join formed as own on own.measure = f.measure and own.place = b.place
        """
    )
    close(connection, "vintage", "count(*) = any_value(parts)", estimated=True)


def other_years(connection: duckdb.DuckDBPyConnection, rules: pl.DataFrame, weight_class: str, additive: bool) -> None:
    """Cells of measures that look at other years: the previous year, or the mean of two years.

    `rules`: measure, base (numbers), offset (years), coef, offsets (how many). Years of two territories are not put
    together: the other year's figure is that of the same territory, on this vintage if there is one, or else what the
    crosswalk makes of its parts (E where a weight is neither 0 nor 1).
    """
    connection.register("rule_in", rules.to_arrow())
    shifted = '(cast(left(t.period, 4) as integer) + d."offset")::varchar || substr(t.period, 5)'
    connection.execute(
        f"""
        create or replace temp table rule as select * from rule_in;
        create or replace temp table located as
        select p.*, y.territory from place as p
        left join territory as y
          on y.area = p.area and y.area_level = p.area_level and y.area_vintage = p.area_vintage;
        create or replace temp table other as
        select place, 0 as "offset", place as term_place, 1.0 as weight, false as guess, 1 as parts, 1 as preference
        from place
        union all
        select t.place, d."offset", o.place, 1.0, false, 1,
               row_number() over (
                   partition by t.place, d."offset"
                   order by o.area_vintage = t.area_vintage desc, o.area_vintage desc
               )
        from located as t
        cross join (select distinct "offset" from rule where "offset" <> 0) as d
        join located as o on o.area = t.area and o.basis = t.basis and o.period = {shifted}
        where t.territory is null or o.territory is null or t.territory = o.territory
        union all
        select t.place, d."offset", o.place, l.weight, l.weight <> 1 or l.inferred, l.parts,
               10000 - cast(l.from_vintage as integer)
        from located as t
        cross join (select distinct "offset" from rule where "offset" <> 0) as d
        join link as l
          on l.kind = 'vintage' and l.weight_class = {quoted(weight_class)} and l.to_area = t.area
         and l.to_level = t.area_level and l.to_vintage = t.area_vintage
        join place as o
          on o.area = l.from_area and o.area_vintage = l.from_vintage and o.basis = t.basis and o.period = {shifted}
        where {additive} or (l.parts = 1 and l.weight = 1);
        """
    )
    row = connection.execute("select coalesce(max(preference), 0), coalesce(max(parts), 0) from other").fetchone()
    simple = bool(row and row[0] <= 1 and row[1] <= 1)
    connection.execute(
        f"""
        create or replace temp table contribution as
        select r.measure, r.base, t.place, o.term_place, r."offset", r.coef * o.weight as coef, o.guess, o.parts,
               o.preference, r.offsets, f.value, f.status, f.class, f.publicity, f.meaning, f.sources
        from formed as t
        join rule as r on r.base = t.measure
        join other as o on o.place = t.place and o."offset" = r."offset"
        join formed as f on f.measure = r.base and f.place = o.term_place;
        {"" if simple else _BEST_WAY}
        create or replace temp table fresh as
        select measure, place, {total("coef * value", "status", "term_place", _few(rules) and simple)} as value,
               (case when max(status) = {WITHHELD} then {WITHHELD}
                     else greatest(max(status), case when bool_or(guess) then {ESTIMATED} else 0 end) end)::tinyint
                   as status, {WORST}
        from contribution group by measure, place
        having {"count(*)" if simple else 'count(distinct "offset")'} = any_value(offsets);
        insert into edge
        select c.measure, c.place, c.base, c.term_place, c.coef
        from contribution as c semi join fresh as f on f.measure = c.measure and f.place = c.place;
        insert into formed
        select measure, place, value, status, class, publicity, meaning, sources, null, {RELATIONS.index("periods")}
        from fresh;
        """
    )


_BEST_WAY = """
create or replace temp table contribution as
with way as (
    select measure, place, "offset", preference from contribution
    group by measure, place, "offset", preference having count(*) = any_value(parts)
    qualify row_number() over (partition by measure, place, "offset" order by preference) = 1
)
select c.* from contribution as c
semi join way as w
  on w.measure = c.measure and w.place = c.place and w."offset" = c."offset" and w.preference = c.preference;
"""


def _few(rules: pl.DataFrame) -> bool:
    """Whether no rule has more than two terms: two numbers have the same sum in either order."""
    return rules.filter(pl.col("offsets") > 2).is_empty()
