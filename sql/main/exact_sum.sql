-- Sums of floating-point numbers depend on the order of the rows, which differs between builds;
-- sums of decimals do not. 18 places of each number, 15 of the sum.
create or replace macro main.exact_sum(x) as
cast(cast(sum(cast(x as decimal(38, 18))) as decimal(38, 15)) as double);

comment on macro main.exact_sum is 'Sum of numbers that does not depend on the order of the rows; null without any.';
