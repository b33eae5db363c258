"""The statements behind `facts`; the columns come in the order of its records.

`$shown_from` is the first day of the first quarter shown, `$whole` the latest whole quarter;
`$scope` is organisation or repository, and `$scope_name` null for the one organisation.
"""

from __future__ import annotations

from typing import Final

_OVERVIEW = """
with quarters as (
    select
        quarter_start,
        bool_or(is_baseline) as is_baseline,
        row_number() over (order by quarter_start desc) as age
    from marts.multiples
    where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    group by quarter_start
),

shown as (
    select
        greatest(
            coalesce(min(quarter_start) filter (where is_baseline), min(quarter_start)),
            min(quarter_start) filter (where age <= $quarters_shown)
        ) as shown_from
    from quarters
)

select
    organisation,
    strftime(cutoff_at at time zone 'UTC', '%Y-%m-%d %H:%M UTC') as cutoff,
    first_quarter::varchar,
    last_quarter::varchar,
    last_whole_quarter::varchar,
    baseline_label,
    baseline_quarters,
    preset,
    case when own.repository_id is null then coalesce(facts.repositories, 0) else 1 end,
    coalesce(own.landed_changes, facts.landed_changes, 0),
    coalesce(own.contributors, facts.contributors, 0),
    quarterdeck_version,
    own.repository_id,
    settings_json::varchar,
    shown_from
from marts.report_facts as facts
cross join shown
left join marts.repositories as own on own.repository_id = $scope_name
"""

_MULTIPLES = """
with compared as (
    select
        *,
        case
            when lag(quarter_start) over earlier = quarter_start - interval 3 month
                then multiple - lag(multiple) over earlier
        end as change
    from marts.multiples
    where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    window earlier as (partition by measure order by quarter_start)
)

select
    measure, quarter, quarter_start, is_partial, is_baseline, days, landed_changes, total,
    active_contributors, multiple, multiple_low, multiple_high, interval_contributors,
    reason, change
from compared
where quarter_start >= $shown_from
order by measure, quarter_start
"""

_AUTHORSHIP = """
with compared as (
    select
        *,
        case
            when lag(quarter_start) over earlier = quarter_start - interval 3 month
                then 100 * (model_share - lag(model_share) over earlier)
        end as change_points
    from marts.authorship_quarterly
    where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    window earlier as (order by quarter_start)
)

select
    quarter, is_partial, code_lines, model_share, model_share_low,
    model_share + undeclared_share as model_share_high,
    attested_lines / nullif(code_lines, 0) as attested_share,
    declared_lines / nullif(code_lines, 0) as declared_share,
    indicated_lines / nullif(code_lines, 0) as indicated_share,
    human_share, automation_share, undeclared_share, landed_changes, model_changes,
    change_points
from compared
where quarter_start >= $shown_from
order by quarter_start
"""

_AGENTS = """
with shown as (
    select * from marts.agents_quarterly
    where scope = $scope and scope_name = coalesce($scope_name, scope_name)
        and quarter_start >= $shown_from
),

sized as (
    select agent, row_number() over (order by sum(model_lines) desc nulls last, agent) as place
    from shown
    where agent is not null
    group by agent
),

folded as (
    select
        case when place <= $agents_shown then sized.agent else 'Other agents' end as agent,
        place > $agents_shown as is_other,
        least(place, $agents_shown + 1) as place,
        quarter,
        quarter_start,
        share_of_code_lines,
        model_lines,
        landed_changes
    from shown
    inner join sized using (agent)
)

select
    agent, is_other, quarter, sum(share_of_code_lines), sum(model_lines),
    case when count(*) = 1 then any_value(landed_changes)::bigint end,
    count(*) filter (where model_lines > 0)
from folded
group by agent, is_other, place, quarter, quarter_start
order by place, quarter_start
"""

_MERGES = """
with compared as (
    select
        *,
        case
            when lag(quarter_start) over earlier = quarter_start - interval 3 month
                then 100 * (rate - lag(rate) over earlier)
        end as change_since_last
    from marts.merge_success_quarterly
    where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    window earlier as (partition by author_class order by quarter_start)
)

select
    author_class, quarter, is_partial, is_baseline, pull_requests, mature_pull_requests, merged,
    rate, rate_low, rate_high, baseline_rate, change_points, reason, change_since_last
from compared
where quarter_start >= $shown_from
order by author_class, quarter_start
"""

_FILE_CLASSES = """
select
    quarter, class, added_lines, deleted_lines, files,
    added_lines / nullif(sum(added_lines) over (partition by quarter_start), 0) as share
from marts.file_classes_quarterly
where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    and quarter_start >= $shown_from
order by quarter_start, added_lines desc nulls last, class
"""

_SURVIVAL = """
select
    author_class, matched_with, age_days, lines, landed_changes, contributors, at_risk, survival,
    survival_low, survival_high, half_life_days, reason
from marts.survival_curves
where scope = $scope and scope_name = coalesce($scope_name, scope_name)
order by author_class, matched_with nulls first, age_days
"""

_CHURN = """
with compared as (
    select
        *,
        case
            when lag(quarter_start) over earlier = quarter_start - interval 3 month
                then 100 * (alive_share_90_days - lag(alive_share_90_days) over earlier)
        end as alive_90_points
    from marts.survival_cohorts
    where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    window earlier as (partition by author_class order by quarter_start)
)

select
    author_class, quarter, is_partial, landed_changes, lines_written, followed_share, churn14,
    churn30, alive_share_90_days,
    coalesce(reason_14_days, reason_30_days, reason_90_days),
    alive_90_points
from compared
where quarter_start >= $shown_from
order by author_class, quarter_start
"""

_REPOSITORIES = """
select
    r.repository_id, r.status, r.problem, r.landed_changes, r.code_lines, r.contributors,
    r.pull_requests, m.multiple, m.multiple_low, m.multiple_high, r.missing_files,
    coalesce(r.is_shallow, false),
    r.last_landed_at::date,
    strftime(r.mined_at, '%Y-%m-%d %H:%M'),
    r.tip_commit_id
from marts.repositories as r
left join marts.multiples as m
    on m.scope = 'repository'
    and m.scope_name = r.repository_id
    and m.measure = 'code_lines'
    and m.quarter = $whole
where r.repository_id = coalesce($scope_name, r.repository_id)
order by r.code_lines desc nulls last, r.repository_id
"""

# beside each other, not by rank: by name
_TEAMS = """
select
    m.scope_name, m.multiple, m.multiple_low, m.multiple_high, m.reason, m.landed_changes,
    m.active_contributors, a.code_lines, a.model_share, a.undeclared_share
from marts.multiples as m
left join marts.authorship_quarterly as a using (scope, scope_name, quarter_start)
where m.scope = 'team' and $scope_name is null
    and m.measure = 'code_lines' and m.quarter = $whole
order by m.scope_name = '(no team)', m.scope_name
"""

_COVERAGE = """
select
    quarter, is_partial, repositories, seen, estimate, estimate_low, estimate_high, coverage, reason
from marts.model_coverage
where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    and quarter_start >= $shown_from
order by quarter_start
"""

# the names and addresses of a team's members are not for a page that is passed around
_ISSUES = """
select
    issue,
    nullif(count(distinct repository_id), 0),
    sum(affected)::bigint,
    sum(total)::bigint,
    sum(affected) / nullif(sum(total), 0),
    case
        when starts_with(issue, 'team members') then 'marts.data_quality names them'
        else any_value(detail order by affected desc nulls last, repository_id)
    end
from marts.data_quality
where $scope_name is null or repository_id = $scope_name
group by issue
having coalesce(sum(affected), 1) > 0
order by issue
"""

# the largest repositories, and teams by name, each against its own baseline
_PLACES = """
with sized as (
    select
        scope, scope_name,
        row_number() over (partition by scope order by sum(code_lines) desc nulls last, scope_name)
            as place
    from marts.authorship_quarterly
    where scope in ('repository', 'team') and $scope_name is null
        and quarter_start >= $shown_from
    group by scope, scope_name
)

select
    m.scope, m.scope_name, m.quarter, m.quarter_start, m.is_partial, m.landed_changes, m.multiple,
    m.multiple_low, m.multiple_high, m.interval_contributors, m.reason, a.model_share
from marts.multiples as m
join sized using (scope, scope_name)
left join marts.authorship_quarterly as a using (scope, scope_name, quarter_start)
where m.measure = 'code_lines' and m.quarter_start >= $shown_from and place <= $places_shown
order by
    m.scope,
    case when m.scope = 'repository' then place when m.scope_name = '(no team)' then 1 else 0 end,
    m.scope_name,
    m.quarter_start
"""

# those with the most lines in the quarters shown, and all others together
_LANGUAGES = """
with shown as (
    select * from marts.languages_quarterly
    where scope = $scope and scope_name = coalesce($scope_name, scope_name)
        and quarter_start >= $shown_from
),

sized as (
    select language, row_number() over (order by sum(added_lines) desc, language) as place
    from shown
    group by language
)

select
    case when place <= $places_shown then shown.language else 'Other languages' end as name,
    place > $places_shown as is_other,
    quarter,
    sum(added_lines)::bigint,
    sum(share),
    count(*) filter (where share > 0)
from shown
inner join sized using (language)
group by name, is_other, least(place, $places_shown + 1), quarter, quarter_start
order by least(place, $places_shown + 1), quarter_start
"""

QUERIES: Final[dict[str, str]] = {
    "overview": _OVERVIEW,
    "multiples": _MULTIPLES,
    "authorship": _AUTHORSHIP,
    "agents": _AGENTS,
    "merges": _MERGES,
    "file_classes": _FILE_CLASSES,
    "survival": _SURVIVAL,
    "churn": _CHURN,
    "repositories": _REPOSITORIES,
    "teams": _TEAMS,
    "coverage": _COVERAGE,
    "issues": _ISSUES,
    "places": _PLACES,
    "languages": _LANGUAGES,
}

# $first and $second are quarters; for each, value, interval, n and why there is none
COMPARISON: Final = """
with measured as (
    select
        'multiple' as kind, 1 as place, measure, quarter, multiple as value,
        multiple_low as low, multiple_high as high, interval_contributors::double as n, reason
    from marts.multiples
    where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    union all
    select
        'share', 2, 'model_share', quarter, model_share, model_share_low,
        model_share + undeclared_share, code_lines::double,
        case when model_share is null then 'no code line landed' end
    from marts.authorship_quarterly
    where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    union all
    select 'share', 3, 'undeclared_share', quarter, undeclared_share, null, null,
        code_lines::double, case when undeclared_share is null then 'no code line landed' end
    from marts.authorship_quarterly
    where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    union all
    select
        'share', 4, 'merged ' || author_class, quarter, rate, rate_low, rate_high,
        mature_pull_requests::double, reason
    from marts.merge_success_quarterly
    where scope = $scope and scope_name = coalesce($scope_name, scope_name)
    union all
    select 'share', 5, 'churn30', quarter, churn30, null, null, lines_written, reason_30_days
    from marts.survival_cohorts
    where scope = $scope and scope_name = coalesce($scope_name, scope_name)
        and author_class = 'all'
    union all
    select
        'share', 6, 'alive_share_90_days', quarter, alive_share_90_days, null, null,
        lines_written, reason_90_days
    from marts.survival_cohorts
    where scope = $scope and scope_name = coalesce($scope_name, scope_name)
        and author_class = 'all'
),

one as (select * from measured where quarter = $first),

other as (select * from measured where quarter = $second)

select
    coalesce(one.kind, other.kind), coalesce(one.measure, other.measure) as measure,
    one.value, one.low, one.high, one.n, one.reason,
    other.value, other.low, other.high, other.n, other.reason,
    other.value - one.value
from one
full join other using (measure)
order by coalesce(one.place, other.place), measure
"""
