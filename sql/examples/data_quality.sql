-- What limits these numbers: what is missing, unknown or left out?
select issue, sum(affected) as affected, sum(total) as total, count(*) as repositories
from marts.data_quality
group by issue
order by affected desc, issue
