create or replace table attribution.revert_statements as
with titles as (
    select * from attribution.change_titles
),

messages as (
    select
        titles.repository_id,
        titles.commit_id,
        titles.landed_commit_id,
        titles.position,
        -- git tells of a reverted merge which side stays: that is not undone
        regexp_replace(
            -- Mercurial and jj back out: "This backs out commit <id>", "Backed out changeset <id>"
            regexp_replace(
                commits.message,
                '(?i)\bback(?:s|ed|ing)?[ -]?out(?:\s+of)?((?:\s+(?:the|commits?|changesets?|revisions?|rev))*[\s:]+[0-9a-f]{7,64}\b)',
                'reverts\1',
                'g'
            ),
            '(?i),?\s+reversing\s+changes\s+made\s+to\s+[0-9a-f]{7,64}',
            '',
            'g'
        ) as message,
        authorship.automation_share > 0.5 as is_automation
    from titles
    join staging.commits using (repository_id, commit_id)
    join attribution.commit_authorship as authorship using (repository_id, commit_id)
    where regexp_matches(commits.message, '(?i)\b(?:revert|re-?land|re-?appl|unrevert|back(?:s|ed|ing)?[ -]?out)')
),

-- "This reverts commit <id>", "Partially reverts #12 and #15", "(reverts parts of <id>)"; not
-- "it was reverted by <id>", nor what a version bump quotes of other repositories
clauses as (
    select
        * exclude (message),
        unnest(regexp_extract_all(
            message,
            '(?i)(?:(?:^|\n)[\s*+•-]*|[,;:.(]\s*|\b(?:this|the|it)\s+(?:(?:commit|change|patch|pr|pull request|merge request|mr|cl)\s+)?)'
            || '(?:(?:also|partial(?:ly)?|partly|mostly|essentially|effectively|manually|simply|fully)\s+)*'
            || '(?:un)?re(?:vert|-?land|-?appl(?:y|ie))(?:s|ed|ing)?:?\s+'
            || '(?:(?:back|parts?|most|some|bits|changes|change|all|of|from|in|on|by|made|introduced|the|commits?|changesets?'
            || '|revisions?|merge|requests?|pull|prs?|mrs?|patch|fix|hash|sha)[\s:]+){0,8}'
            || '["`\[(<]?(?:(?:[\w.-]+/[\w.-]+)?[#!]\d+\b|https?://\S+/(?:pull|merge_requests|commit)/[0-9a-f]+|[0-9a-f]{7,64}\b)'
            || '(?:(?:["`\])>]?(?:\s*,\s*and\s+|\s*[,&/+]\s*|\s+and\s+|\s+)(?:commits?\s+)?["`\[(<]?)'
            || '(?:[#!]\d+\b|https?://\S+/(?:pull|merge_requests|commit)/[0-9a-f]+|[0-9a-f]{7,64}\b))*'
        )) as clause
    from messages
),

named as (
    select
        * exclude (clause),
        -- how each begins is in the way of what it names
        regexp_matches(clause, '(?i)\b(?:re-?land|re-?appl|unrevert)') as is_return,
        regexp_matches(clause, '(?i)\b(?:parts?|some|bits|most|mostly|partial|partially|partly)\b') as is_said_partial,
        regexp_extract_all(clause, '(?i)\b[0-9a-f]{7,64}\b') as ids,
        regexp_extract_all(
            clause, '(?i)(?:(?:[\w.-]+/([\w.-]+))?[#!]|/([\w.-]+)/(?:-/)?(?:pull|merge_requests)/)(\d+)\b', 0
        ) as mentions
    from clauses
),

by_id as (
    select *, lower(unnest(ids)) as named_id from named
),

by_mention as (
    select *, unnest(mentions) as mention from named where not is_automation
),

by_number as (
    select
        by_mention.*,
        cast(regexp_extract(mention, '(\d+)$', 1) as bigint) as named_number,
        lower(coalesce(
            nullif(regexp_extract(mention, '([\w.-]+)[#!]\d+$', 1), ''),
            nullif(regexp_extract(mention, '/([\w.-]+)/(?:-/)?(?:pull|merge_requests)/\d+$', 1), '')
        )) as other
    from by_mention
    where length(regexp_extract(mention, '(\d+)$', 1)) < 12
),

-- a number counts in its own repository alone
own_numbers as (
    select by_number.*
    from by_number
    join raw.repositories using (repository_id)
    where other is null
        or regexp_replace(lower(coalesce(repositories.remote_url, repositories.repository_id)), '(?:\.git)?/?$', '')
            similar to '(.*[/:])?' || regexp_escape(other)
        or lower(repositories.repository_id) similar to '(.*/)?' || regexp_escape(other)
),

quoted as (
    select
        *,
        -- without quotes only a title that is long enough to be no other's
        case
            when depth > 0 then base_title
            else lower(regexp_replace(
                regexp_extract(
                    title,
                    '(?i)^(?:\[re-?land\]\s*|(?:revert|re-?apply|re-?land)(?:ed|s)?:?\s+)(.+)$',
                    1
                ),
                '(?:["”\s.…]|\((?:#|!|pull request #)\d+\))+$', ''
            ))
        end as named_title,
        depth = 0 and regexp_matches(title, '(?i)^\[?re-?(?:apply|land)') as returns
    from titles
    where depth > 0 or regexp_matches(title, '(?i)^(?:\[re-?land\]|(?:revert|re-?apply|re-?land)(?:ed|s)?:?\s)')
)

select repository_id, commit_id, landed_commit_id, position, 'id' as said_by, is_return, is_said_partial,
    named_id, null as named_number, null as named_title, null as named_depth, null as is_cut
from by_id
union
select repository_id, commit_id, landed_commit_id, position, 'number', is_return, is_said_partial,
    null, named_number, null, null, null
from own_numbers
union
select repository_id, commit_id, landed_commit_id, position, 'number', is_return, false, null, quoted_number, null, null, null
from titles
where quoted_number is not null
union
select repository_id, commit_id, landed_commit_id, position, 'title', returns, false, null, null,
    named_title, greatest(depth - 1, 0), coalesce(is_cut, false)
from quoted
where depth > 0 or length(named_title) >= 12;

comment on table attribution.revert_statements is 'One row per commit reachable from a default branch and thing that its message says to undo.';
comment on column attribution.revert_statements.repository_id is 'name of the repository';
comment on column attribution.revert_statements.commit_id is 'the commit';
comment on column attribution.revert_statements.landed_commit_id is 'landed change that brought it in';
comment on column attribution.revert_statements.position is 'index of the landed change in the first-parent chain';
comment on column attribution.revert_statements.said_by is 'how: id, number or title';
comment on column attribution.revert_statements.is_return is 'whether what is named comes back, so that its revert is undone';
comment on column attribution.revert_statements.is_said_partial is 'whether the message says that only a part is undone';
comment on column attribution.revert_statements.named_id is 'id of a commit, or its start';
comment on column attribution.revert_statements.named_number is 'number of a pull request';
comment on column attribution.revert_statements.named_title is 'title inside all quotes, in lower case';
comment on column attribution.revert_statements.named_depth is 'how often the named title turns about (count)';
comment on column attribution.revert_statements.is_cut is 'whether the named title was cut short';
