-- Who wrote the code that landed: model, human, automation, or does nothing say?
select quarter, code_lines, model_share, human_share, automation_share, undeclared_share
from marts.authorship_quarterly
where scope = 'organisation'
order by quarter_start
