-- do SQL and the functions of estimates, which compute them apart, agree on every bar and multiple?
select scope, scope_name, measure, quarter_start, m.bar, e.bar as estimated_bar, m.multiple, e.multiple as estimated
from marts.multiples as m
left join marts.multiple_intervals as e using (scope, scope_name, measure, quarter_start)
where abs(m.bar - e.bar) > 1e-9 * greatest(abs(e.bar), 1e-9)
    or abs(m.multiple - e.multiple) > 1e-9 * greatest(abs(e.multiple), 1e-9)
    or (m.multiple is null) != (e.multiple is null)
    or e.scope is null
