-- Which later changes ended the code lines of the changes that lost most?
select
    lives.repository_id,
    lives.commit_id,
    lives.death_commit_id,
    lives.duration_days,
    lives.lines,
    changes.subject
from marts.line_lives as lives
join marts.landed_changes as changes
    on changes.repository_id = lives.repository_id
    and changes.commit_id = lives.death_commit_id
where lives.is_death
order by lives.lines desc, lives.commit_id
limit 20
