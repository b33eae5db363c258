-- do the parts of each landed change add up to it, and each part's shares to 1, its tiers to the model share?
select repository_id, landed_commit_id, sum(share) as share, count(*) as parts
from attribution.change_parts
group by all
having abs(sum(share) - 1) > 1e-9
    or bool_or(abs(model_share + human_share + automation_share + undeclared_share - 1) > 1e-9)
    or bool_or(abs(attested_share + declared_share + indicated_share - model_share) > 1e-9)
