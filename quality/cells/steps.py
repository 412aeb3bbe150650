# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The SQL of the single sums of one concept. All steps read and extend the table `formed` of a DuckDB connection.

Belongs here: SQL. Does not belong here: which sums are needed (`plan`), and files (`cells`).

Inside, a place (area, vintage, period, basis), a measure and a status are numbers: grouping by numbers is several
times faster than grouping by texts. A part that is withheld makes the sum withheld; a part that is missing leaves the
sum unformed. No sum is formed from figures of two bases. `edge` holds what a cell made of other cells was made of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import polars as pl

from quality.cells.plan import Offer
from quality.cells.sql import (
    ESTIMATED,
    MEANINGS,
    RELATIONS,
    STATUSES,
    WITHHELD,
    WITHOUT_VALUE,
    number,
    quoted,
    same_table,
    total,
)
from raw.vocabulary.lists import lists

_CREATE = """
create or replace temp table formed (
    measure smallint, place integer, value double, status tinyint, class tinyint, publicity tinyint, meaning tinyint,
    sources ubigint, candidate smallint, relation tinyint
);
create or replace temp table edge (
    measure smallint, place integer, term_measure smallint, term_place integer, coef double
);
"""
Profile = tuple[str, str, str, str, str]
"""concept, area_level, area_vintage, period, basis"""
WORST = "max(class) as class, max(publicity) as publicity, max(meaning) as meaning, bit_or(sources) as sources"


def offers(
    connection: duckdb.DuckDBPyConnection, checked: Sequence[Path], concepts: Sequence[str]
) -> tuple[list[Offer], list[Profile]]:
    """What each table delivers of each concept, and on which levels, vintages, periods and bases; sorted, one look."""
    if not checked:
        return [], []
    rows = connection.execute(
        """
        select measure, source, "table", dims, "column", area_level, area_vintage, period, basis
        from read_parquet($paths) where list_contains($concepts, measure) and meaning <> 'unknown' group by all
        """,
        {"paths": [str(path) for path in checked], "concepts": list(concepts)},
    ).fetchall()
    columns: dict[tuple[str, str, str, str], set[str]] = {}
    for concept, source, table, dims, column, *_ in rows:
        columns.setdefault((source, table, concept, dims), set()).add(column)
    found = [Offer(*place, len(names) > 1) for place, names in sorted(columns.items())]
    return found, sorted({(row[0], *row[5:]) for row in rows})


def deliver(
    connection: duckdb.DuckDBPyConnection,
    concept: str,
    checked: Sequence[Path],
    without: Sequence[str] = (),
    elsewhere: Sequence[tuple[str, str]] = (),
) -> None:
    """Create the view `delivery`, the usable observations of a concept, but for some periods.

    `elsewhere`: pairs of a vintage and a year of figures that are stated on it. Where an area is still the same
    territory in that year, the figure has the vintage of its year, as figures of other tables have it. A city stays on
    the vintage of its own list of districts: it is their whole.
    """
    left_out = f"and period not in ({', '.join(map(quoted, without))})" if without else ""
    usable = f"""
        select * from read_parquet([{", ".join(quoted(str(path)) for path in checked)}])
        where measure = {quoted(concept)} and meaning <> 'unknown'
          and obs_status not in ({", ".join(quoted(code) for code in WITHOUT_VALUE)}) {left_out}
    """
    if elsewhere:
        levels = lists()["area_levels"].items()
        municipal = ", ".join(quoted(name) for name, level in levels if level["kind"] == "municipal")
        pairs = ", ".join(f"({quoted(vintage)}, {quoted(year)})" for vintage, year in elsewhere)
        connection.execute(
            f"""
            create or replace temp table same_territory as
            select t.area, t.area_level, t.area_vintage as stated, now.area_vintage as year
            from territory as t
            join territory as now on now.area = t.area and now.area_level = t.area_level and now.territory = t.territory
            where (t.area_vintage, now.area_vintage) in ({pairs}) and not exists (
                from link where kind = 'within' and to_area = t.area and to_vintage = t.area_vintage
                and from_level in ({municipal})
            )
            """
        )
        usable = f"""
            select o.* replace (coalesce(s.year, o.area_vintage) as area_vintage) from ({usable}) as o
            left join same_territory as s
              on s.area = o.area and s.area_level = o.area_level and s.stated = o.area_vintage
             and s.year = left(o.period, 4)
        """
    connection.execute(f"create or replace temp view delivery as {usable}")


def load(
    connection: duckdb.DuckDBPyConnection,
    pieces: pl.DataFrame,
    candidates: pl.DataFrame,
    measures: Mapping[str, int],
) -> None:
    """Create `place`, `piece`, `observed` and the empty `formed` from `delivery`.

    `pieces`: kind, source, table, dims, several (more than one column has it), measure (number), candidate, pieces.
    `candidates` (a measure in a table): candidate, class, publicity, bit, rank. All as numbers.
    """
    connection.execute(_CREATE)
    names = pl.DataFrame({"measure": list(measures.values()), "name": list(measures)}, schema_overrides=_NUMBER)
    for name, frame in (("piece", pieces), ("candidate", candidates), ("measure_name", names)):
        connection.register(f"{name}_in", frame.to_arrow())
        connection.execute(f"create or replace temp table {name} as select * from {name}_in")
    window = """
        qualify row_number() over (
            partition by kind, area, area_vintage, period, basis
            order by published_on desc nulls last, received_at desc, cell
        ) = 1
    """
    connection.execute(
        f"""
        create or replace temp view delivered as
        select k.kind, o.area, o.area_level, o.area_vintage, o.period, o.basis, o.value,
               {number("o.obs_status", STATUSES)}::tinyint as status,
               {number("o.meaning", MEANINGS)}::tinyint as meaning, o.published_on
        from delivery as o
        join (select distinct kind, source, "table", dims from piece) as k on {same_table(pieces)}
        {window if pieces["several"].any() else ""}
        """
    )
    connection.execute(
        """
        create or replace temp table place as
        select (row_number() over ())::integer as place, area, area_level, area_vintage, period, basis
        from (
            select area, min(area_level) as area_level, area_vintage, period, basis from delivered
            group by area, area_vintage, period, basis
        );
        create or replace temp table observed as
        select d.kind::smallint as kind, p.place, d.value, d.status, d.meaning, d.published_on
        from delivered as d
        join place as p
          on p.area = d.area and p.area_vintage = d.area_vintage and p.period = d.period and p.basis = d.basis;
        """
    )


_NUMBER = {"measure": pl.Int16}


def _exact(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether all figures are whole numbers: then their sum is the same in any order."""
    row = connection.execute("select coalesce(bool_and(value = trunc(value)), true) from observed").fetchone()
    return bool(row and row[0])


def sums(connection: duckdb.DuckDBPyConnection) -> None:
    """Cells that stand in a delivery, or are sums of groups that do.

    Where several tables have the same cell, one that is not withheld goes first, then a published one (what is public
    anyway is known), then the one with the fewest pieces, the best-known meaning and the latest publication; that they
    agree is not decided here.
    """
    connection.execute(
        f"""
        create or replace temp view candidate_cell as
        select r.measure, r.candidate, 1 as pieces, o.place, o.value, o.status, o.meaning, o.published_on
        from observed as o join piece as r on r.kind = o.kind where r.pieces = 1
        union all
        select r.measure, r.candidate, any_value(r.pieces), o.place,
               {total("o.value", "o.status", "o.kind", _exact(connection))}, max(o.status), max(o.meaning),
               max(o.published_on)
        from observed as o join piece as r on r.kind = o.kind where r.pieces > 1
        group by r.measure, r.candidate, o.place
        having count(*) = any_value(r.pieces);

        insert into formed
        with contested as (select measure from piece group by measure having count(distinct candidate) > 1),
        chosen as (
            select * from candidate_cell where measure not in (select measure from contested)
            union all
            select c.* from candidate_cell as c join candidate as a using (candidate)
            where c.measure in (select measure from contested)
            qualify row_number() over (
                partition by c.measure, c.place
                order by c.status = {WITHHELD}, a.publicity, c.pieces, c.meaning, c.published_on desc nulls last,
                         a.rank
            ) = 1
        )
        select c.measure, c.place, c.value, c.status, a.class, a.publicity, c.meaning, a.bit, c.candidate,
               case when c.pieces = 1 then 0 else 1 end
        from chosen as c join candidate as a using (candidate);
        drop table observed;
        """
    )


def frequencies(connection: duckdb.DuckDBPyConnection, terms: pl.DataFrame) -> None:
    """Quarters and years from their months and quarters, where nobody delivers the longer period itself.

    `terms`: measure (number), target, part (periods), coef, parts, step. Of several ways that of the lowest step is
    taken.
    """
    connection.register("period_term_in", terms.to_arrow())
    for step in sorted(terms["step"].unique().to_list()):
        connection.execute(
            f"""
            create or replace temp table period_term as select * from period_term_in where step = {step};
            {
                new_places('''
                select p.area, p.area_level, p.area_vintage, t.target as period, p.basis
                from place as p join (select distinct target, part from period_term) as t on t.part = p.period
            ''')
            }
            create or replace temp table contribution as
            select f.measure, b.place, f.place as term_place, t.coef, f.value, f.status, f.class, f.publicity,
                   f.meaning, f.sources, t.parts
            from formed as f
            join place as p on p.place = f.place
            join period_term as t on t.measure = f.measure and t.part = p.period
            join place as b
              on b.area = p.area and b.area_vintage = p.area_vintage and b.period = t.target and b.basis = p.basis
            anti join formed as own on own.measure = f.measure and own.place = b.place;
            """
        )
        close(connection, "frequency", "count(*) = any_value(parts)", estimated=False)


def new_places(select: str) -> str:
    """SQL that adds the places of a query, as far as they are not there yet."""
    return f"""
        insert into place
        select ((select coalesce(max(place), 0) from place) + row_number() over ())::integer, new.*
        from (
            select area, min(area_level) as area_level, area_vintage, period, basis from ({select})
            group by area, area_vintage, period, basis
        ) as new
        anti join place as old
          on old.area = new.area and old.area_vintage = new.area_vintage and old.period = new.period
         and old.basis = new.basis;
    """


def close(connection: duckdb.DuckDBPyConnection, relation: str, complete: str, estimated: bool) -> None:
    """Add up `contribution` by measure and place where it is complete; keep what each new cell was made of.

    With `estimated` the column `guess` of a contribution makes the sum E.
    """
    status = f"greatest(max(status), case when bool_or(guess) then {ESTIMATED} else 0 end)" if estimated else (
        "max(status)"
    )  # fmt: skip
    status = f"case when max(status) = {WITHHELD} then {WITHHELD} else {status} end"
    connection.execute(
        f"""
        create or replace temp table fresh as
        select measure, place, {total("coef * value", "status", "term_place", False)} as value,
               ({status})::tinyint as status, {WORST}
        from contribution group by measure, place having {complete};
        insert into formed
        select measure, place, value, status, class, publicity, meaning, sources, null, {RELATIONS.index(relation)}
        from fresh;
        insert into edge
        select c.measure, c.place, c.measure, c.term_place, c.coef
        from contribution as c semi join fresh as f on f.measure = c.measure and f.place = c.place;
        """
    )
