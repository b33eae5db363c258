create or replace macro main.quarter_key(quarter) as
replace(upper(trim(quarter)), '-', '');

comment on macro main.quarter_key is 'Name of a quarter as it stands in marts: 2026-Q2 and 2026q2 become 2026Q2.';
