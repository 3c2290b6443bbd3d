-- What a provider reports after it took a message: kept first, once, and applied after.
create table receipt (
  id           bigint      generated always as identity primary key,
  provider     text        not null,
  event_id     text        not null,                                  -- says when two are the same
  delivery_id  bigint,                                                -- no reference: whatever was signed is kept
  attempt      integer,
  status       text        not null,
  code         text,                                                  -- the provider's error code; never its text
  reference    text,
  received_at  timestamptz not null default now(),
  applied_at   timestamptz,
  effect       text        check (effect in ('moved', 'nothing-new', 'old-attempt', 'no-delivery')),
  unique (provider, event_id)
);
create index receipt_waiting on receipt (id) where applied_at is null;
create index receipt_by_delivery on receipt (delivery_id);

-- A channel that is closed to one person; every other channel stays open to them.
create table closed_channel (
  incident_id   uuid        not null references incident,
  recipient_id  uuid        not null,                                 -- no reference: the person may be erased
  channel       text        not null check (channel in ('email', 'sms', 'letter')),
  closed_at     timestamptz not null default now(),
  primary key (incident_id, recipient_id, channel)
);

-- A keyed hash of the number an SMS went to: who answers STOP is found by it.
alter table attempt add column number_hash bytea;
create index attempt_number on attempt (number_hash) where number_hash is not null;

-- Whether another channel follows a delivery that was rejected; null until that is decided.
alter table delivery add column onward boolean;
update delivery d set onward = false
  from wave w where w.id = d.wave_id and d.state = 'rejected' and w.state in ('done', 'cancelled');
create index delivery_rejected on delivery (wave_id, id) where state = 'rejected' and onward is null;

-- Each channel is leased by itself, so one must not read past the rows of another.
drop index delivery_planned;
create index delivery_planned on delivery (wave_id, channel, next_at, id) where state = 'planned';
