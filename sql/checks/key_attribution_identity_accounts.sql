-- is there exactly one row per key in attribution.identity_accounts?
select node, count(*) as rows
from attribution.identity_accounts
group by all
having count(*) > 1
