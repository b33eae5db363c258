-- The month is taken away before and added after, so that the calendar's quarters are cut anew.
create or replace macro main.quarter_of(day, fiscal_year_start) as
cast(
    date_trunc('quarter', cast(day as date) - to_months(cast(fiscal_year_start - 1 as integer)))
    + to_months(cast(fiscal_year_start - 1 as integer))
    as date
);

comment on macro main.quarter_of is 'First day of the quarter of a day, in years that start with a given month (1 to 12).';
