create table audience (
  id           uuid        primary key,
  incident_id  uuid        not null references incident,
  name         text        not null,
  state        text        not null check (state in ('open', 'frozen')),
  merge_rule   integer     not null,                       -- version of the stated merge rule
  count        integer,
  digest       bytea,
  created_by   uuid        not null references staff,
  created_at   timestamptz not null,
  frozen_by    uuid        references staff,
  frozen_at    timestamptz
);

create table upload (
  id            uuid        primary key,
  audience_id   uuid        not null references audience,
  incident_id   uuid        not null references incident,
  state         text        not null check (state in ('received', 'importing', 'imported', 'refused')),
  format        text        not null check (format in ('csv', 'jsonl')),
  bytes         bigint      not null,
  headers       jsonb       not null,                       -- column names as found
  mapping       jsonb       not null,                       -- field → column; guessed, then confirmed
  ignored       jsonb       not null default '[]',          -- columns nobody mapped, never stored
  rows_read     integer     not null default 0,             -- the checkpoint: rows staged so far
  rows_bad      integer     not null default 0,
  rows_good     integer     not null default 0,
  people_added  integer     not null default 0,
  merged        integer     not null default 0,
  problem       jsonb,
  uploaded_by   uuid        not null references staff,
  uploaded_at   timestamptz not null,
  finished_at   timestamptz
);
create index upload_by_audience on upload (audience_id);

-- The file itself, sealed in pieces, deleted when the import ends or after 24 hours.
create table upload_chunk (
  upload_id  uuid     not null references upload on delete cascade,
  position   integer  not null,
  sealed     bytea    not null,
  primary key (upload_id, position)
);

create table upload_error (
  upload_id  uuid     not null references upload on delete cascade,
  line       integer  not null,
  position   integer  not null,                             -- one row may have several faults
  column_name text    not null,
  code       text     not null,
  sealed_row bytea,                                         -- the row as given, on its first fault only
  primary key (upload_id, line, position)
);

-- Rows read but not yet merged into people.
create table upload_row (
  upload_id  uuid     not null references upload on delete cascade,
  line       integer  not null,
  sealed     bytea    not null,
  keys       bytea[]  not null,                             -- keyed hashes that the merge rule compares
  primary key (upload_id, line)
);

create table recipient (
  id              uuid      primary key,
  audience_id     uuid      not null references audience,
  incident_id     uuid      not null references incident,
  sealed          bytea     not null,                       -- everything about the person, see src/domain/audience
  keys            bytea[]   not null,
  email_index     bytea,                                    -- keyed hash, not unique: families share mailboxes
  digest          bytea     not null,                       -- keyed hash of the canonical contact data, exposure and relation
  language        text      not null,
  agreed          text      not null check (agreed in ('yes', 'no', 'unknown')),
  has_email       boolean   not null,
  has_phone       boolean   not null,
  has_post        boolean   not null,
  shared_mailbox  boolean   not null default false
);
create index recipient_by_audience on recipient (audience_id, id);
create index recipient_by_email on recipient (audience_id, email_index);

-- A frozen audience takes nobody new and changes nobody. Erasing a person deletes the row.
create function refuse_frozen_audience() returns trigger language plpgsql as $$
begin
  if exists (select from audience a
              where a.id in (new.audience_id, case when tg_op = 'UPDATE' then old.audience_id end)
                and a.state = 'frozen') then
    raise exception 'this audience is frozen' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger recipient_frozen before insert or update on recipient
  for each row execute function refuse_frozen_audience();

create function refuse_thaw() returns trigger language plpgsql as $$
begin
  if old.state = 'frozen' and new is distinct from old then
    raise exception 'this audience is frozen' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger audience_frozen before update on audience
  for each row execute function refuse_thaw();

-- Why a person gets nothing of some kind.
create table suppression (
  incident_id   uuid        not null references incident,
  recipient_id  uuid        not null,                       -- no reference: the person may have been erased
  reason        text        not null check (reason in ('erased', 'deceased', 'opted-out', 'hard-bounce', 'other')),
  created_by    uuid        not null references staff,
  created_at    timestamptz not null,
  primary key (incident_id, recipient_id)
);
