-- is nobody one contributor whom the settings keep apart or name as two?
select identities.contributor_id, list(distinct overrides.contributor_name) as found
from attribution.identities
join raw.identity_overrides as overrides on overrides.email = lower(trim(identities.email))
where not identities.is_agent
group by identities.contributor_id
having count(distinct overrides.contributor_name) > 1
union all
select one.contributor_id, [apart.email, apart.other_email]
from raw.identity_apart as apart
join attribution.identities as one on lower(trim(one.email)) = apart.email
join attribution.identities as other on lower(trim(other.email)) = apart.other_email
where one.contributor_id = other.contributor_id and not one.is_agent
