-- does every change that undoes another come after it?
select repository_id, commit_id, undone_commit_id, position, undone_position
from attribution.reverts
where undone_position >= position or undone_share not between 0 and 1
