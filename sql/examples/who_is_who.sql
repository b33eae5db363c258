-- Which addresses were taken for one person, and by which rule?
select name, emails, rules
from marts.contributors
where len(emails) > 1
order by name
