-- do rate, mix and other add up to the change of the bar, and the repositories' shares to 1?
select quarter_start, change as expected, rate_effect + mix_effect + other_effect as found
from marts.rate_and_mix
where abs(change - rate_effect - mix_effect - other_effect) > 1e-9 * greatest(abs(change), 1)
    or abs(multiple - 1 - rate_part - mix_part - other_part) > 1e-9 * greatest(multiple, 1)
union all
select quarter_start, 1, sum(contributor_share)
from marts.repository_rates
where contributor_share is not null
group by quarter_start
having abs(sum(contributor_share) - 1) > 1e-9
