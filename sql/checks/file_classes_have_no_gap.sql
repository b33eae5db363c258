-- does each path have exactly one class at every position of the default branch?
with spans as (
    select
        repository_id,
        path,
        from_position,
        until_position,
        lag(until_position) over path_order as until_before,
        row_number() over path_order as number,
        lead(from_position) over path_order as from_next
    from raw.file_classes
    window path_order as (partition by repository_id, path order by from_position)
)

select * from spans
where (number = 1 and from_position != 0)
    or (number > 1 and until_before is distinct from from_position)
    or (from_next is null and until_position is not null)
