create table notice (
  id           uuid        primary key,
  incident_id  uuid        not null references incident,
  version      integer     not null default 1,              -- compare-and-set for edits and states
  kind         text        not null check (kind in ('initial', 'update', 'correction', 'closing', 'invitation')),
  class        text        not null check (class in ('legal', 'courtesy')),
  state        text        not null check (state in ('draft', 'in-review', 'ready', 'withdrawn')),
  number       integer     not null default 1,              -- the current notice version
  created_by   uuid        not null references staff,
  created_at   timestamptz not null
);

-- Immutable: an edit makes the next number.
create table notice_version (
  id            uuid        primary key,
  notice_id     uuid        not null references notice,
  number        integer     not null,
  languages     jsonb       not null,                       -- language → source (front matter and Markdown)
  sender        jsonb       not null,                       -- {from, replyTo, linkHosts, layoutVersion}
  facts         jsonb       not null,                       -- field → hash, of the scope fields the text quotes
  codes         jsonb       not null,                       -- language → public notice code
  content_hash  bytea       not null,
  created_by    uuid        not null references staff,
  created_at    timestamptz not null,
  unique (notice_id, number)
);
create trigger notice_version_append_only before update or delete on notice_version
  for each row execute function refuse_change();

create table notice_code (
  code               text     primary key,
  notice_version_id  uuid     not null references notice_version,
  language           text     not null
);

create table notice_comment (
  id          uuid        primary key,
  notice_id   uuid        not null references notice,
  number      integer     not null,
  staff_id    uuid        not null references staff,
  comment     text        not null,
  at          timestamptz not null
);

-- A version proposed for sending: what the approvers see and sign.
create table submission (
  id                 uuid        primary key,
  incident_id        uuid        not null references incident,
  notice_id          uuid        not null references notice,
  notice_version_id  uuid        not null references notice_version,
  audience_id        uuid        not null references audience,
  plan               jsonb       not null,                  -- {mode, channels, consent}
  send_window        jsonb,
  canary             integer     not null check (canary >= 0),
  facts              jsonb       not null,
  binding            bytea       not null,                  -- SHA-256 of the canonical JSON of all of the above
  approvals_needed   integer     not null check (approvals_needed between 0 and 2),
  submitted_by       uuid        not null references staff,
  submitted_at       timestamptz not null,
  closed_at          timestamptz                            -- sent back, or replaced by a newer text
);
create unique index submission_open on submission (notice_id) where closed_at is null;

create table approval (
  submission_id  uuid        not null references submission,
  staff_id       uuid        not null references staff,
  binding        bytea       not null,
  waiver         text,                                       -- reason, where an organisation of one waives four eyes
  at             timestamptz not null,
  primary key (submission_id, staff_id)
);
create trigger approval_append_only before update or delete on approval
  for each row execute function refuse_change();

create table commitment (
  id                 uuid     primary key,
  notice_version_id  uuid     not null references notice_version,
  position           integer  not null,
  sentence           text     not null,
  due_on             date     not null,
  unique (notice_version_id, position)
);
