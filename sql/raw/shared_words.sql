create or replace table raw.shared_words as
select * from given_shared_words;

comment on table raw.shared_words is 'One row per mail domain that is open to all, and per name that nobody bears.';
comment on column raw.shared_words.kind is 'domain (of a mail provider open to all) or name (of a placeholder)';
comment on column raw.shared_words.word is 'the domain or name, lower case';
