create or replace table attribution.change_titles as
with commits as (
    select
        landings.repository_id,
        landings.commit_id,
        landings.landed_commit_id,
        landings.position,
        landings.is_landed_change,
        commits.parent_count,
        -- the message of a merged pull request holds its title as the first line of the body
        case
            when commits.parent_count > 1 and regexp_matches(commits.subject, '^Merged? ')
                then coalesce(nullif(regexp_extract(commits.message, '^[^\n]*\n\s*([^\n]+)', 1), ''), commits.subject)
            else commits.subject
        end as title
    from staging.landings
    join staging.commits using (repository_id, commit_id)
),

brought as (
    select repository_id, landed_commit_id, count(*) as commits
    from commits
    where not is_landed_change and parent_count < 2
    group by repository_id, landed_commit_id
),

-- `[skip ci] api: Revert "..."`: what stands before the word that says what is done
bare as (
    select
        *,
        case
            when regexp_matches(title, '(?i)revert|re-?app|re-?land|roll ?back|back ?out')
                then regexp_replace(title, '^(?:\[[^\]]{1,30}\]\s*)*(?:[\w/.,*@-]{1,40}(?:\([^)]*\))?!?:\s+)?', '')
        end as said
    from commits
),

marked as (
    select
        *,
        case
            when regexp_matches(said, '(?i)^(?:revert|re-?apply|re-?land|unrevert|roll ?back|back ?out)(?:ed|s)?\b')
                then said
            else title
        end as text,
        if(said is null, '', regexp_extract(
            text, '^(?i)((?:(?:revert|re-?apply|re-?land|unrevert|roll ?back|back ?out)(?:ed|s)?:?\s+["“])+)', 1
        )) as marks
    from bare
),

parsed as (
    select
        *,
        len(regexp_extract_all(marks, '(?i)re-?apply|re-?land|unrevert')) as returns,
        len(regexp_extract_all(marks, '["“]')) + returns as depth,
        substr(text, length(marks) + 1) as quoted
    from marked
)

select
    parsed.repository_id,
    parsed.commit_id,
    parsed.landed_commit_id,
    parsed.position,
    not parsed.is_landed_change and coalesce(brought.commits, 1) > 1 as is_part,
    parsed.text as title,
    lower(regexp_replace(
        regexp_replace(parsed.quoted, '(?:["”\s.…]|\((?:#|!|pull request #)\d+\))+$', ''), '\s+', ' ', 'g'
    )) as base_title,
    parsed.depth,
    regexp_matches(parsed.marks, '(?i)^(?:re-?apply|re-?land|unrevert)') as is_return,
    parsed.depth > 0 and regexp_matches(parsed.quoted, '(?:…|\.\.\.)["”]*\s*(?:\(#\d+\))?$') as is_cut,
    if(
        parsed.depth > 0,
        try_cast(coalesce(
            nullif(regexp_extract(parsed.quoted, '\((?:#|!|pull request #)(\d+)\)["”]\s*(?:\((?:#|!|pull request #)\d+\))?\s*$', 1), ''),
            regexp_extract(parsed.quoted, '^Merge pull request \S*#(\d+) from', 1)
        ) as bigint),
        null
    ) as quoted_number
from parsed
left join brought using (repository_id, landed_commit_id);

comment on table attribution.change_titles is 'One row per commit reachable from a default branch: its title, read for reverts.';
comment on column attribution.change_titles.repository_id is 'name of the repository';
comment on column attribution.change_titles.commit_id is 'the commit';
comment on column attribution.change_titles.landed_commit_id is 'landed change that brought it in';
comment on column attribution.change_titles.position is 'index of the landed change in the first-parent chain';
comment on column attribution.change_titles.is_part is 'whether the landed change brought in other commits beside it';
comment on column attribution.change_titles.title is 'its subject, or the title of the pull request that it merged; for a revert without what stands before';
comment on column attribution.change_titles.base_title is 'the title inside all quotes of reverts, in lower case, without numbers of pull requests at its end';
comment on column attribution.change_titles.depth is 'how often the title turns about: Revert "x" once, Reapply "x" and Revert "Revert "x"" twice (count)';
comment on column attribution.change_titles.is_return is 'whether its first word is of the kind of Reapply or Reland';
comment on column attribution.change_titles.is_cut is 'whether the quoted title was cut short';
comment on column attribution.change_titles.quoted_number is 'number of the pull request inside the quotes; null without one';
