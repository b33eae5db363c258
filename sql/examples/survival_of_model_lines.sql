-- Do lines by models live as long as others of the same quarters?
select author_class, matched_with, age_days, survival, survival_low, survival_high, at_risk
from marts.survival_curves
where scope = 'organisation' and matched_with is not null
order by matched_with, author_class, age_days
