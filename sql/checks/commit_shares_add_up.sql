-- do the shares of a commit add up to 1, and the tiers to the model share?
select
    repository_id,
    commit_id,
    model_share,
    human_share,
    automation_share,
    undeclared_share,
    attested_share,
    declared_share,
    indicated_share
from attribution.commit_authorship
where abs(model_share + human_share + automation_share + undeclared_share - 1) > 1e-9
    or abs(attested_share + declared_share + indicated_share - model_share) > 1e-9
    or least(model_share, human_share, automation_share, undeclared_share) < -1e-12
