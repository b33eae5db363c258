-- What kinds of files grow: code, tests, documentation, generated files?
select quarter, class, added_lines, deleted_lines, added_lines - deleted_lines as net_lines
from marts.file_classes_quarterly
where scope = 'organisation'
order by quarter_start, added_lines desc, class
