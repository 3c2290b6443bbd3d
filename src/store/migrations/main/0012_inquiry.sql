-- Which person a personal code belongs to. The code itself is kept nowhere: it is made anew from the
-- incident's key wherever it is shown, and here stands its keyed hash alone.
create table personal_code (
  code_hash     uuid  primary key,                 -- 128 bits, keyed with the organisation's key
  incident_id   uuid  not null,                    -- no references: a million rows come at once,
  recipient_id  uuid  not null                     -- and the person may be erased
);

-- One visit to "my notice". The door makes it for every code that is typed, right or wrong; what it
-- is about is known to workers only, and what they answer opens with the key in the cookie only.
create table visit (
  id_hash     bytea        primary key,            -- SHA-256 of the id in the cookie
  public_key  bytea        not null,
  turn        integer      not null default 1,     -- how often the visitor sent something
  expires_at  timestamptz  not null,
  ends_at     timestamptz  not null,               -- however busy the visitor is
  state       bytea,                               -- sealed under the organisation's key
  reply       bytea,                               -- sealed to the public key
  reply_turn  integer      not null default 0      -- what the reply answers
);
create index visit_by_end on visit (expires_at);

-- How often something was done for one thing: a keyed hash of an address, of a person.
create table tally (
  kind        text         not null,
  key         bytea        not null,
  since       timestamptz  not null,               -- when the present window began
  count       integer      not null,
  total       integer      not null,
  expires_at  timestamptz  not null,
  primary key (kind, key)
);
create index tally_by_end on tally (expires_at);

-- A question, a complaint or a request of one person, known to staff by its number.
create table inquiry (
  id             uuid         primary key,
  incident_id    uuid         not null references incident,
  recipient_id   uuid,                             -- null: somebody on the telephone; no reference: may be erased
  number         text         not null unique,
  kind           text         not null check (kind in ('question', 'complaint', 'access', 'erase', 'correct')),
  channel        text         not null check (channel in ('web', 'phone', 'letter')),
  state          text         not null default 'new'
                 check (state in ('new', 'drafted', 'in-review', 'answered', 'closed')),
  version        integer      not null default 1,
  sealed         bytea,                            -- what the person wrote; null once they were erased
  answer         bytea,                            -- sealed: what we answer
  language       text         not null,
  due_at         timestamptz  not null,
  created_at     timestamptz  not null,
  entered_by     uuid         references staff,    -- null: the person
  drafted_by     uuid         references staff,
  approved_by    uuid         references staff,
  answered_at    timestamptz,
  check (approved_by <> drafted_by),
  check ((state = 'answered') = (approved_by is not null))
);
create index inquiry_open on inquiry (due_at) where state not in ('answered', 'closed');
create index inquiry_by_incident on inquiry (incident_id, due_at);
create index inquiry_by_recipient on inquiry (recipient_id);

-- People stop optional follow-ups themselves.
alter table suppression alter created_by drop not null;

-- Audiences that were frozen before there were codes get theirs now.
insert into outbox (kind, ids)
select 'audience.frozen', jsonb_build_object('incidentId', incident_id, 'audienceId', id)
  from audience where state = 'frozen';
