-- How much of the multiple goes with rates within repositories, and how much with where people work?
select quarters.quarter, split.multiple, split.rate_part, split.mix_part, split.other_part
from marts.rate_and_mix as split
join marts.quarters as quarters
    on quarters.quarter_start = split.quarter_start and quarters.scope = 'organisation'
order by split.quarter_start
