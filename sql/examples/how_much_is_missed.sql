-- How many commits of models does the evidence miss, where two kinds of evidence allow an estimate?
select quarter, seen, estimate, estimate_low, estimate_high, coverage, reason
from marts.model_coverage
where scope = 'organisation'
order by quarter_start;
