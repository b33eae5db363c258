-- Between which bounds does the model share lie, and on what kind of evidence?
select
    quarter,
    model_share_low,
    model_share,
    model_share_high,
    attested_lines,
    declared_lines,
    indicated_lines
from marts.authorship_quarterly
where scope = 'organisation'
order by quarter_start
