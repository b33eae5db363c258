create or replace table raw.forge_files as
select * from given_forge_files;

comment on table raw.forge_files is 'One row per file of pull requests or reviews and kind of trouble in it; one of no trouble for a file without any.';
comment on column raw.forge_files.file is 'name of the file, without its folder';
comment on column raw.forge_files.kind is 'what it holds: table, reviews, gh-json or gh-archive';
comment on column raw.forge_files.read_at is 'when it was last read (UTC)';
comment on column raw.forge_files.rows is 'rows or events in it (count); null where it could not be read';
comment on column raw.forge_files.kept is 'pull requests or reviews taken from it (count)';
comment on column raw.forge_files.problem is 'what was wrong; null for nothing';
comment on column raw.forge_files.affected is 'rows that it was wrong with (count)';
comment on column raw.forge_files.example is 'the first of them: where, and its value';
