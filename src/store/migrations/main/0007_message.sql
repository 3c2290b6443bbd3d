-- One message of our own to one address, of no wave: a one-time code, a confirmation, a telling to
-- staff. (kind, key) says what it is about, so that nothing is said twice.
create table message (
  id          uuid        primary key,
  kind        text        not null,
  key         text        not null,
  channel     text        not null check (channel in ('email', 'sms')),
  key_id      uuid        not null,                -- under whose key it is sealed: an incident's or the organisation's
  sealed      bytea,                               -- address and text; gone once it is settled
  state       text        not null default 'planned'
              check (state in ('planned', 'sending', 'accepted', 'rejected', 'unknown', 'expired')),
  attempt     integer     not null default 0,
  worker_id   uuid,
  next_at     timestamptz not null default now(),
  urgent      boolean     not null,                -- somebody sits and waits for it
  expires_at  timestamptz not null,                -- not sent later
  code        text,                                -- the provider's reply code; never its text
  settled_at  timestamptz,
  unique (kind, key)
);
create index message_due on message (urgent, next_at) where state = 'planned';
create index message_sending on message (worker_id) where state = 'sending';

-- What people sent us through the public door: sealed there to this key, opened by a worker.
create table intake_key (
  one             boolean  primary key default true check (one),
  public_key      bytea    not null,
  sealed_private  bytea    not null               -- under the organisation's key
);

create table intake (
  id           uuid         primary key,
  kind         text         not null,
  sealed       bytea        not null,
  received_at  timestamptz  not null default now()
);
create index intake_by_age on intake (received_at);

-- What a person chose for the follow-ups: read where a wave is planned.
create table preference (
  incident_id   uuid  not null references incident,
  recipient_id  uuid  not null,                   -- no reference: the person may be erased
  language      text,
  channel       text  check (channel in ('email', 'sms', 'letter')),
  primary key (incident_id, recipient_id)
);
