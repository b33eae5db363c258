create or replace macro main.class_of(of_model, of_human, of_automation, of_undeclared) as
case
    when of_model > 0.5 then 'model'
    when of_human > 0.5 then 'human'
    when of_automation > 0.5 then 'automation'
    when of_undeclared > 0.5 then 'undeclared'
    else 'mixed'
end;

comment on macro main.class_of is 'Author class by shares (0 to 1): the one with more than half, else mixed.';
