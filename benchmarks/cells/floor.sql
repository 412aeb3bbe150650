-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0
--
-- The floor: what a good engineer writes by hand for these sums, one query from the checked Parquet to the cells.
-- $checked, $recipe, $shifts, $terms and $out are put in as paths by `contestants.py`.
--
-- Tried at 10 % of the areas (CPU seconds on two threads, 6.3 million rows): this form 5.8; one grouping of everything
-- 8.1 and three times the memory; the pieces of an area pivoted into a map first 1.6 instead of 1.1 for the sums alone;
-- years put together by a join without the year in its key 8.4; zstd, larger row groups, a file per thread: no better.
--
-- A withheld part makes the sum withheld; a part that is missing leaves it unformed; the most cautious status wins.
copy (
    with obs as not materialized (
        select measure as concept, dims, area, area_level, area_vintage, period, basis, value, obs_status
        from read_parquet($checked)
        where meaning <> 'unknown' and obs_status not in ('M', 'L', 'O')
    ),
    single as not materialized (
        select r.measure, o.area, o.area_level, o.area_vintage, o.period, o.basis, o.value, o.obs_status
        from obs as o
        join read_parquet($recipe) as r on r.pieces = 1 and r.concept = o.concept and r.dims = o.dims
    ),
    summed as materialized (
        select r.measure, o.area, any_value(o.area_level) as area_level, o.area_vintage, o.period, o.basis,
               case when max(instr('ABPUEQ', o.obs_status)) < 6 then sum(o.value) end as value,
               'ABPUEQ'[max(instr('ABPUEQ', o.obs_status))] as obs_status
        from obs as o
        join read_parquet($recipe) as r on r.pieces > 1 and r.concept = o.concept and r.dims = o.dims
        group by r.measure, o.area, o.area_vintage, o.period, o.basis
        having count(*) = any_value(r.pieces)
    ),
    -- The few measures that others are made from. Everything else is read once and written through; that these are read
    -- twice is cheaper than keeping all cells.
    needed as (
        select base as measure from read_parquet($shifts)
        union
        select measure from read_parquet($terms)
    ),
    part as materialized (
        select r.measure, o.area, o.area_level, o.area_vintage, o.period, o.basis, o.value, o.obs_status
        from obs as o
        join (select * from read_parquet($recipe) where pieces = 1 and measure in (select measure from needed)) as r
          on r.concept = o.concept and r.dims = o.dims
        union all
        select * from summed where measure in (select measure from needed)
    ),
    shifted as materialized (
        select s.measure, now.area, any_value(now.area_level) as area_level, now.area_vintage, now.period, now.basis,
               case when max(instr('ABPUEQ', s.obs_status)) < 6 then sum(s.value) end as value,
               'ABPUEQ'[max(instr('ABPUEQ', s.obs_status))] as obs_status
        from part as now
        join (
            select s.measure, s.base, s.parts, p.area, p.area_vintage, p.basis, s.coef * p.value as value, p.obs_status,
                   (p.period::integer - s.shift)::varchar as period
            from part as p
            join read_parquet($shifts) as s on s.base = p.measure
        ) as s
          on s.base = now.measure and s.area = now.area and s.area_vintage = now.area_vintage
         and s.basis = now.basis and s.period = now.period
        group by s.measure, now.area, now.area_vintage, now.period, now.basis
        having count(*) = any_value(s.parts)
    ),
    combined as (
        select t.expression as measure, c.area, any_value(c.area_level) as area_level, c.area_vintage, c.period, c.basis,
               case when max(instr('ABPUEQ', c.obs_status)) < 6 then sum(t.coef * c.value) end as value,
               'ABPUEQ'[max(instr('ABPUEQ', c.obs_status))] as obs_status
        from (select * from part union all select * from shifted) as c
        join read_parquet($terms) as t on t.measure = c.measure
        group by t.expression, c.area, c.area_vintage, c.period, c.basis
        having count(*) = any_value(t.parts)
    )
    select * from single
    union all
    select * from summed
    union all
    select * from shifted
    union all
    select * from combined
) to $out (format parquet)
