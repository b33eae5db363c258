-- do the repositories' landed changes add up to the organisation's, quarter by quarter?
with sums as (
    select
        quarter_start,
        sum(code_lines) filter (scope = 'organisation') as organisation_lines,
        sum(code_lines) filter (scope = 'repository') as repositories_lines
    from marts.authorship_quarterly
    group by all
)

select *
from sums
where organisation_lines is distinct from repositories_lines
