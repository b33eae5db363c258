-- How many lines of tests land for each line of source?
select
    quarter,
    sum(added_lines) filter (class = 'test') as test_lines,
    sum(added_lines) filter (class = 'source') as source_lines,
    test_lines / nullif(source_lines, 0) as tests_per_source_line
from marts.file_classes_quarterly
where scope = 'organisation'
group by quarter
order by quarter
