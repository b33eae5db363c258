-- How long do merged pull requests take, by year of opening?
select
    year(quarter_start) as opened_in,
    count(*) as merged,
    median(date_diff('minute', opened_at, merged_at)) / 60 as median_hours,
    quantile_cont(date_diff('minute', opened_at, merged_at), 0.9) / 60 as slowest_tenth_hours
from marts.pull_requests
where outcome = 'merged' and not is_excluded
group by opened_in
order by opened_in
