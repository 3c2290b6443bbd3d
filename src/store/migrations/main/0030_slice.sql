-- In the order in which everything else locks them.
lock table wave, delivery in access exclusive mode;

-- What was leased and is not done with, a row for each slice: a relay that looks how much waits reads
-- a few hundred of them, not the twenty thousand deliveries in them. One that was never handed over
-- was leased by a process that died in between, or never heard of its COMMIT.
create table slice (
  id         uuid        primary key,
  wave_id    uuid        not null references wave on delete cascade,
  channel    text        not null,
  rows       integer     not null,
  leased_at  timestamptz not null default now(),
  handed     boolean     not null default false
);

-- Workers of the version before may run beside: they lease without a slice, until a time in the row,
-- and note in `handing` what they hand over. When none does, that column and that table can go.
alter table delivery drop constraint delivery_check;
alter table delivery add constraint delivery_leased check (state <> 'leased' or slice_id is not null);

-- While nothing was leased this index seemed as good as that of the slices, and a kept plan that took
-- it read every lease for each claim. So it says nothing of a state any more.
drop index delivery_leased;
create index delivery_leased on delivery (leased_until) where leased_until is not null;
