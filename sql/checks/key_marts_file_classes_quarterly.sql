-- is there exactly one row per key in marts.file_classes_quarterly?
select scope, scope_name, quarter_start, class, count(*) as rows
from marts.file_classes_quarterly
group by all
having count(*) > 1
