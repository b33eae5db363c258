-- Over how many contributors does the landed code spread?
select quarter, contributors, top_tenth_share, gini, effective_contributors, covered_share, reason
from marts.concentration_quarterly
where scope = 'organisation'
order by quarter_start
