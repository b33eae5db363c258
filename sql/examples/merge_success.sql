-- How many pull requests are merged within the window, by who wrote them?
select quarter, author_class, merged, mature_pull_requests, rate, rate_low, rate_high, reason
from marts.merge_success_quarterly
where scope = 'organisation'
order by quarter_start, author_class
