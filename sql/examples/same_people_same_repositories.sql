-- Is it that other people, or other repositories, are measured?
select
    multiples.quarter,
    multiples.multiple,
    people.multiple as of_the_same_contributors,
    people.members as contributors,
    places.multiple as of_the_same_repositories,
    places.members as repositories,
    people.reason
from marts.multiples
left join marts.fixed_set_multiples as people
    on people.scope = multiples.scope
    and people.scope_name = multiples.scope_name
    and people.quarter_start = multiples.quarter_start
    and people.group_kind = 'contributors'
left join marts.fixed_set_multiples as places
    on places.scope = multiples.scope
    and places.scope_name = multiples.scope_name
    and places.quarter_start = multiples.quarter_start
    and places.group_kind = 'repositories'
where multiples.scope = 'organisation' and multiples.measure = 'code_lines'
order by multiples.quarter_start
