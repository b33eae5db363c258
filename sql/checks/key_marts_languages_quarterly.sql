-- is there exactly one row per key in marts.languages_quarterly?
select scope, scope_name, quarter_start, language, count(*) as rows
from marts.languages_quarterly
group by all
having count(*) > 1
