-- Which part of each agent's pull requests was merged so far, of all and of those closed?
select
    grouping_name as agent,
    pull_requests,
    still_open,
    merged,
    merged_of_all,
    merged_of_all_low,
    merged_of_all_high,
    merged_of_closed,
    merged_of_closed_low,
    merged_of_closed_high
from marts.forge_success
where scope = 'organisation' and grouping_kind = 'agent'
order by pull_requests desc
