-- How much more code lands per active contributor than in the baseline, quarter by quarter?
select quarter, is_partial, multiple, multiple_low, multiple_high, reason
from marts.multiples
where scope = 'organisation' and measure = 'code_lines'
order by quarter_start
