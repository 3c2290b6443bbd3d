-- A claim takes the first rows of a slice: in this order they need no sorting, and the rest of the
-- slice is not read again for every claim.
drop index delivery_slice;
create index delivery_slice on delivery (slice_id, id) where state = 'leased';

-- Whether a wave may send at this moment. The same rules in one query, asked with every claim: a
-- function that asks three others begins a query for each.
create or replace function may_send(w wave) returns boolean language sql stable as $$
  select w.state in ('canary', 'sending')
     and (w.not_after is null or now() < w.not_after)
     and (select locked_reason is null
                 and (witnessed_boot is null
                      or witnessed_boot = pg_postmaster_start_time()
                      or now() > pg_postmaster_start_time() + interval '1 minute')
            from engine)
     and not exists (select from notice_version v join notice n on n.id = v.notice_id
                      where v.id = w.notice_version_id and n.state = 'withdrawn')
     and coalesce((select s.field_hashes @> w.facts from scope s
                    where s.incident_id = w.incident_id order by s.version desc limit 1), false)
$$;
