-- Which agents wrote how much of the code, by quarter?
select quarter, agent, model_lines, share_of_code_lines, landed_changes
from marts.agents_quarterly
where scope = 'organisation'
order by quarter_start, model_lines desc, agent
