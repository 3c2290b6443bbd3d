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
  state         text        not null check (state in ('receiving', 'received', 'importing', 'imported', 'refused')),
  format        text        not null check (format in ('csv', 'jsonl')),
  bytes         bigint      not null default 0,
  shape         bytea       not null,                       -- sealed: column names, mapping, ignored columns, defaults
  rows_read     integer     not null default 0,             -- the checkpoint: rows staged or reported so far
  rows_good     integer     not null default 0,
  rows_bad      integer     not null default 0,
  people_added  integer     not null default 0,
  merged        integer     not null default 0,             -- good rows that joined another row or person
  uploaded_by   uuid        not null references staff,
  uploaded_at   timestamptz not null,
  confirmed_by  uuid        references staff,               -- said which column holds what
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
-- Sealed bytes do not compress.
alter table upload_chunk alter sealed set storage external;

create table upload_error (
  upload_id   uuid     not null references upload on delete cascade,
  line        integer  not null,
  position    integer  not null,                            -- one row may have several faults
  field       text     not null,                            -- empty: the whole row
  code        text     not null,
  sealed_row  bytea,                                        -- its mapped cells as given, on its first fault only, for 24 hours
  primary key (upload_id, line, position)
);

-- Rows read but not yet merged: sealed under the id they have if no other row is the same person.
create table upload_row (
  upload_id     uuid     not null references upload on delete cascade,
  line          integer  not null,
  recipient_id  uuid     not null,
  sealed        bytea    not null,
  keys          uuid[]   not null,                          -- keyed hashes, 128 bits, that the merge rule compares
  email_index   uuid,
  digest        bytea    not null,
  language      text     not null,
  agreed        text     not null,
  has_email     boolean  not null,
  has_phone     boolean  not null,
  has_post      boolean  not null,
  primary key (upload_id, line)
);

create table recipient (
  id              uuid      primary key,
  audience_id     uuid      not null references audience,
  incident_id     uuid      not null references incident,
  sealed          bytea     not null,                       -- everything about the person, see src/domain/audience
  keys            uuid[]    not null,
  email_index     uuid,                                     -- keyed hash, not unique: families share mailboxes
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
-- Looked at once a statement: an import inserts a million rows in one.
create function refuse_frozen_audience() returns trigger language plpgsql as $$
begin
  if exists (select from audience a
              where a.state = 'frozen' and a.id in (select distinct audience_id from changed)) then
    raise exception 'this audience is frozen' using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
create trigger recipient_frozen_insert after insert on recipient
  referencing new table as changed for each statement execute function refuse_frozen_audience();
create trigger recipient_frozen_update_from after update on recipient
  referencing old table as changed for each statement execute function refuse_frozen_audience();
create trigger recipient_frozen_update_to after update on recipient
  referencing new table as changed for each statement execute function refuse_frozen_audience();

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
