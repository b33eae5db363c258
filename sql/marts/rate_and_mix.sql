create or replace table marts.rate_and_mix as
with multiples as (
    select *
    from marts.multiples
    where scope = 'organisation' and measure = 'code_lines'
),

baseline as (
    select
        rates.repository_id,
        main.exact_sum(rates.contribution) / any_value(multiples.baseline_quarters) as contribution,
        main.exact_sum(rates.contributor_share) / any_value(multiples.baseline_quarters) as contributor_share
    from marts.repository_rates as rates
    join multiples using (quarter_start)
    where multiples.is_baseline and multiples.bar is not null
    group by rates.repository_id
),

compared as (
    select quarter_start, bar, baseline_bar, multiple
    from multiples
    where multiple is not null and not is_baseline
),

-- every repository of the baseline or the quarter
pairs as (
    select compared.quarter_start, baseline.repository_id
    from compared
    cross join baseline
    union
    select compared.quarter_start, rates.repository_id
    from compared
    join marts.repository_rates as rates using (quarter_start)
),

sides as (
    select
        pairs.quarter_start,
        coalesce(now.contribution, 0) as landed_now,
        coalesce(now.contributor_share, 0) as share_now,
        coalesce(baseline.contribution, 0) as landed_then,
        coalesce(baseline.contributor_share, 0) as share_then,
        landed_now / nullif(share_now, 0) as rate_now,
        landed_then / nullif(share_then, 0) as rate_then
    from pairs
    left join marts.repository_rates as now using (quarter_start, repository_id)
    left join baseline using (repository_id)
),

-- a repository that is new or gone has one rate: all that it changes is mix
effects as (
    select
        quarter_start,
        count(*) as repositories,
        count(*) filter (share_now > 0 and share_then > 0) as repositories_in_both,
        main.exact_sum(
            coalesce((rate_now - rate_then) * (share_now + share_then) / 2, 0)
        ) as rate_effect,
        main.exact_sum(
            coalesce(
                (share_now - share_then) * (coalesce(rate_now, rate_then) + coalesce(rate_then, rate_now)) / 2,
                0
            )
        ) as mix_effect,
        main.exact_sum(
            case when share_now = 0 then landed_now else 0 end
            - case when share_then = 0 then landed_then else 0 end
        ) as other_effect
    from sides
    group by quarter_start
)

select
    compared.quarter_start,
    compared.multiple,
    compared.bar - compared.baseline_bar as change,
    effects.rate_effect,
    effects.mix_effect,
    effects.other_effect,
    effects.rate_effect / compared.baseline_bar as rate_part,
    effects.mix_effect / compared.baseline_bar as mix_part,
    effects.other_effect / compared.baseline_bar as other_part,
    effects.repositories,
    effects.repositories_in_both
from compared
join effects using (quarter_start);

comment on table marts.rate_and_mix is 'One row per quarter with a multiple, outside the baseline: Kitagawa split of the change of the organisation''s bar since the baseline, over repositories.';
comment on column marts.rate_and_mix.quarter_start is 'first day of the quarter';
comment on column marts.rate_and_mix.multiple is 'the shipped-code multiple of the quarter';
comment on column marts.rate_and_mix.change is 'bar less baseline bar (capped lines per active contributor and day)';
comment on column marts.rate_and_mix.rate_effect is 'part of the change by other rates within repositories, at the mean of both mixes (same unit)';
comment on column marts.rate_and_mix.mix_effect is 'part by where contributors are active, at the mean of both rates; new and left repositories included (same unit)';
comment on column marts.rate_and_mix.other_effect is 'part by lines that landed in repositories without an active contributor (same unit)';
comment on column marts.rate_and_mix.rate_part is 'rate effect over baseline bar; the three parts and 1 add up to the multiple';
comment on column marts.rate_and_mix.mix_part is 'mix effect over baseline bar';
comment on column marts.rate_and_mix.other_part is 'other effect over baseline bar';
comment on column marts.rate_and_mix.repositories is 'repositories in the baseline or the quarter (count)';
comment on column marts.rate_and_mix.repositories_in_both is 'repositories with active contributors in both (count)';
