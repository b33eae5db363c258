-- Which landed change undid which, and how is that known?
select reverts.repository_id, undone.landed_day, undone.subject, undoing.subject as undone_by,
    undoing.landed_day as undone_on, reverts.said_by, reverts.undone_share, reverts.is_partial
from attribution.reverts
join marts.landed_changes as undone
    on undone.repository_id = reverts.repository_id and undone.commit_id = reverts.undone_commit_id
join marts.landed_changes as undoing
    on undoing.repository_id = reverts.repository_id and undoing.commit_id = reverts.commit_id
order by undone_on desc, reverts.commit_id
