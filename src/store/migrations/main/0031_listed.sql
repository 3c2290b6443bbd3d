-- In the order in which everything else locks them.
lock table wave, slice, delivery, attempt in access exclusive mode;

-- Sending somebody a message moves its row three times, and PostgreSQL can write a row anew without a
-- word to its indexes (HOT) only where no index names a column that changes, be it in its condition.
-- So indexes say nothing of a state that is passed through on the way, nor of its worker or time: they
-- go by `listed`, which is the state of what waits for somebody. Old workers beside find what they
-- lease more slowly.
alter table delivery
  add column listed text generated always as
    (case when state in ('planned', 'held', 'unknown', 'rejected', 'not-reached') then state end) stored,
  -- SMS that were taken and of which nobody has said what became of them.
  add column sms_accepted_at timestamptz generated always as
    (case when state = 'accepted' and channel = 'sms' then settled_at end) stored;
drop index delivery_planned, delivery_canary, delivery_slice, delivery_sending, delivery_unknown,
  delivery_rejected, delivery_not_reached, delivery_held, delivery_sms_accepted;
create index delivery_planned on delivery (wave_id, channel, next_at, id) where listed = 'planned';
create index delivery_canary on delivery (wave_id) where canary;
-- What is leased or being sent is found by its slices, which are few.
create index delivery_slice on delivery (slice_id, id) where slice_id is not null;
create index delivery_unknown on delivery (wave_id, id) where listed = 'unknown';
create index delivery_rejected on delivery (wave_id, id) where listed = 'rejected' and onward is null;
create index delivery_not_reached on delivery (wave_id, id)
  where listed = 'not-reached' or (listed = 'rejected' and onward is false);
create index delivery_held on delivery (wave_id, id) where listed = 'held';
create index delivery_sms_accepted on delivery (sms_accepted_at) where sms_accepted_at is not null;

alter table attempt
  add column unsure boolean generated always as (outcome is not distinct from 'unknown') stored;
alter table attempt set (fillfactor = 70);
drop index attempt_unknown;
create index attempt_unsure on attempt (delivery_id, n) where unsure;

-- A slice stays while any of it is being sent: it is what that is found by.
create function slice_stays() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  if exists (select from delivery where slice_id = old.id and state = 'sending') then
    return null;
  end if;
  return old;
end $$;
create trigger slice_stays before delete on slice for each row execute function slice_stays();

-- Each attempt is of a delivery, and goes with it. As with deliveries and their wave, this is asked once
-- for each statement: who writes an attempt has locked its delivery.
alter table attempt drop constraint attempt_delivery_id_fkey;

create function attempt_of_delivery() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  -- A query for each, which no plan makes a join of whole tables.
  if exists (select from made
              where (select true from delivery where id = made.delivery_id) is null) then
    raise foreign_key_violation using message = 'An attempt is of a delivery that does not exist.',
      table = 'attempt', constraint = 'attempt_of_delivery';
  end if;
  return null;
end $$;
create trigger attempt_of_delivery after insert on attempt
  referencing new table as made for each statement execute function attempt_of_delivery();

create function delivery_takes_attempts() returns trigger language plpgsql as $$
begin
  delete from attempt where delivery_id in (select id from gone);
  return null;
end $$;
create trigger delivery_takes_attempts after delete on delivery
  referencing old table as gone for each statement execute function delivery_takes_attempts();
