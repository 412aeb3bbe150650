-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0
--
-- The floor: what a good engineer writes by hand for these sums, one query from the checked Parquet to the cells.
-- $checked, $recipe, $shifts, $terms and $out are put in as paths by `contestants.py`.
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
    -- The few measures that others are made from; everything else is read once and written through.
    needed as (
        select base as measure from read_parquet($shifts)
        union
        select measure from read_parquet($terms)
    ),
    part as materialized (
        select * from single where measure in (select measure from needed)
        union all
        select * from summed where measure in (select measure from needed)
    ),
    shifted as materialized (
        select s.measure, now.area, any_value(now.area_level) as area_level, now.area_vintage, now.period, now.basis,
               case when max(instr('ABPUEQ', other.obs_status)) < 6 then sum(s.coef * other.value) end as value,
               'ABPUEQ'[max(instr('ABPUEQ', other.obs_status))] as obs_status
        from part as now
        join read_parquet($shifts) as s on s.base = now.measure
        join part as other
          on other.measure = now.measure and other.area = now.area and other.area_vintage = now.area_vintage
         and other.basis = now.basis and other.period = (now.period::integer + s.shift)::varchar
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
