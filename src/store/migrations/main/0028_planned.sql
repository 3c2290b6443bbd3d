-- In the order in which everything else locks them.
lock table wave, delivery in access exclusive mode;

-- Every delivery is of a wave, and a wave that has any stays. A foreign key asks this for each row,
-- which took half of the time of planning a million: they come by statements that write thousands of
-- one wave, so it is asked, and the wave locked as the key would, once for each statement.
alter table delivery drop constraint delivery_wave_id_fkey;

create function delivery_of_wave() returns trigger language plpgsql as $$
declare
  ids uuid[] := array(select distinct wave_id from made);
begin
  perform from wave where id = any(ids) for key share;
  if cardinality(ids) <> (select count(*) from wave where id = any(ids)) then
    raise foreign_key_violation using message = 'A delivery is of a wave that does not exist.',
      table = 'delivery', constraint = 'delivery_of_wave';
  end if;
  return null;
end $$;
create trigger delivery_of_wave after insert on delivery
  referencing new table as made for each statement execute function delivery_of_wave();

create function delivery_keeps_wave() returns trigger language plpgsql as $$
begin
  if exists (select from delivery where wave_id = old.id) then
    raise foreign_key_violation using message = 'A wave with deliveries stays.',
      table = 'delivery', constraint = 'delivery_keeps_wave';
  end if;
  return old;
end $$;
create trigger delivery_keeps_wave before delete on wave
  for each row execute function delivery_keeps_wave();

-- Slices on their way into the queue: written down with their lease and deleted once their jobs are
-- there. One that stays was leased by a process that died in between, or never heard of its COMMIT.
create table handing (
  id         bigint      generated always as identity primary key,
  slice_ids  uuid[]      not null,
  begun_at   timestamptz not null default now()
);
