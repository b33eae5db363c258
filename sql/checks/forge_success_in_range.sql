-- does every share of merged pull requests lie within its interval, and are no more merged than closed?
select *
from marts.forge_success
where merged > closed
    or closed > pull_requests
    or not merged_of_all between merged_of_all_low - 1e-9 and merged_of_all_high + 1e-9
    or not merged_of_closed between merged_of_closed_low - 1e-9 and merged_of_closed_high + 1e-9
    or merged_of_all_low is null
    or (closed > 0 and merged_of_closed_low is null)
