-- How many landed changes are reverted within 30 days, and how soon?
select quarter, author_class, reverted, trials, revert_rate, revert_rate_low, revert_rate_high,
    median_days_to_revert, reapplied, partly_reverted, reason
from marts.revert_rates_quarterly
where scope = 'organisation'
order by quarter_start, author_class
