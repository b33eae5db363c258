-- A fiscal year has the number of the year in which it ends.
create or replace macro main.quarter_name(quarter_start, fiscal_year_start) as
case
    when fiscal_year_start = 1 then year(quarter_start) || 'Q' || quarter(quarter_start)
    else
        'FY' || year(quarter_start + to_months(cast(13 - fiscal_year_start as integer)))
        || 'Q' || quarter(quarter_start - to_months(cast(fiscal_year_start - 1 as integer)))
end;

comment on macro main.quarter_name is 'Name of a quarter by its first day: 2026Q1, or FY2026Q1 where the year does not start in January.';
