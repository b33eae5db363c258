create or replace table raw.signals as
select * from given_signals;

comment on table raw.signals is 'One row per rule of evidence: agents.toml and the rules of the settings.';
comment on column raw.signals.signal_id is 'id of the rule';
comment on column raw.signals.position is 'place in the catalogue, from 0';
comment on column raw.signals.agent is 'agent or bot that it speaks for; null where the text names it, and for what is no evidence';
comment on column raw.signals.is_named is 'whether the text names the agent';
comment on column raw.signals.place is 'where it looks: author, committer, subject, trailer, body, name, branch, note or pull_request_author';
comment on column raw.signals.trailer_keys is 'trailer keys that it reads, lower case';
comment on column raw.signals.needles is 'lower-case texts of which one must stand in the text; empty: none need';
comment on column raw.signals.pattern is 'RE2 pattern';
comment on column raw.signals.author_class is 'model, automation, human or not-evidence';
comment on column raw.signals.tier is 'attested, declared or indicated; null for rules that credit nobody';
comment on column raw.signals.weight is 'share of the lines that it credits (0 to 1); null for rules that credit nobody';
comment on column raw.signals.is_fallback is 'whether it applies only to texts that no other rule matched';
comment on column raw.signals.is_person is 'whether an author whom it matches is a person all the same';
comment on column raw.signals.exclusions is 'days on which a match is no evidence, and why';
comment on column raw.signals.reason is 'why a match is no evidence; null for evidence';
comment on column raw.signals.source is 'where the rule comes from';
comment on column raw.signals.seen_on is 'day it was last verified';
comment on column raw.signals.note is 'what to know about it';
comment on column raw.signals.repositories is 'names or globs of the repositories that it holds for; empty: all';
