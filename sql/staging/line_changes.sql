create or replace view staging.line_changes as
select
    changes.repository_id,
    changes.commit_id,
    landings.position,
    changes.added as added_lines,
    changes.deleted as deleted_lines,
    changes.moved as moved_lines,
    changes.respaced as respaced_lines,
    changes.binary as binary_lines,
    changes.lost as lost_lines,
    changes.alive as alive_lines,
    changes.missing_files,
    -- the lines of a change that could not be read are counted with the next one
    diffs.commit_id is not null and problems.commit_id is null as has_known_births
from raw.line_changes as changes
join staging.landings as landings
    on landings.repository_id = changes.repository_id
    and landings.commit_id = changes.commit_id
    and landings.is_landed_change
left join staging.commit_diffs as diffs
    on diffs.repository_id = changes.repository_id and diffs.commit_id = changes.commit_id
left join staging.landings as before
    on before.repository_id = changes.repository_id
    and before.position = landings.position - 1
    and before.is_landed_change
left join raw.problems as problems
    on problems.repository_id = before.repository_id and problems.commit_id = before.commit_id;

comment on view staging.line_changes is 'One row per landed change whose lines were followed.';
comment on column staging.line_changes.repository_id is 'name of the repository';
comment on column staging.line_changes.commit_id is 'the landed change';
comment on column staging.line_changes.position is 'its index in the first-parent chain';
comment on column staging.line_changes.added_lines is 'added lines of all file classes';
comment on column staging.line_changes.deleted_lines is 'deleted lines of all file classes';
comment on column staging.line_changes.moved_lines is 'of both: lines that only moved';
comment on column staging.line_changes.respaced_lines is 'of both: lines that differ in white space alone';
comment on column staging.line_changes.binary_lines is 'lines of files that became binary';
comment on column staging.line_changes.lost_lines is 'lines of files whose blob is missing from here on';
comment on column staging.line_changes.alive_lines is 'lines of all text files after the change';
comment on column staging.line_changes.missing_files is 'changed files of which a blob is missing, up to this change (count)';
comment on column staging.line_changes.has_known_births is 'whether its added lines have it as their birth: not at a shallow boundary, nor after a change that could not be read';
