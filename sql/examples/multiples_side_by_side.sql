-- Do landed changes, pull requests and net lines tell the same story as code lines?
select
    quarter,
    max(multiple) filter (measure = 'code_lines') as code_lines,
    max(multiple) filter (measure = 'net_lines') as net_lines,
    max(multiple) filter (measure = 'landed_changes') as landed_changes,
    max(multiple) filter (measure = 'merged_pull_requests') as merged_pull_requests
from marts.multiples
where scope = 'organisation'
group by quarter
order by quarter
