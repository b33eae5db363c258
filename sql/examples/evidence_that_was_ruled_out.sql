-- What looked like evidence and was ruled out, and why?
select ruled_out_reason, signal_id, count(*) as findings, min(matched_text) as for_example
from attribution.findings
where ruled_out
group by ruled_out_reason, signal_id
order by findings desc, signal_id
