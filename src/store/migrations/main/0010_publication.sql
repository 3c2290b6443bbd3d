-- The public page of an incident: its address, and what is told there.
create table publication (
  incident_id  uuid        primary key references incident,
  slug         text        not null unique check (slug ~ '^[a-z0-9-]{3,60}$'),
  version      integer     not null default 1,
  created_by   uuid        not null references staff,
  created_at   timestamptz not null
);

-- One thing told on it. What was published stays: a correction stands beside what it corrects.
create table publication_update (
  id                uuid        primary key,
  incident_id       uuid        not null references publication,
  version           integer     not null default 1,          -- compare-and-set for edits and states
  kind              text        not null check (kind in ('initial', 'update', 'correction', 'policy-change', 'question-hour', 'closing')),
  state             text        not null check (state in ('draft', 'in-review', 'published', 'withdrawn')),
  number            integer,                                 -- its place on the page, once published
  languages         jsonb       not null,                    -- language → {title, body, faq}
  link_hosts        text[]      not null,                    -- where its links may lead
  question_hour     jsonb,                                   -- {startsAt, endsAt, zone}
  corrects          uuid        references publication_update,
  facts             jsonb,                                   -- the scope as it was submitted: what the page shows
  binding           bytea,                                   -- SHA-256 of the canonical JSON of all that is approved
  approvals_needed  integer     not null default 1 check (approvals_needed between 1 and 2),
  authors           uuid[]      not null,                    -- everyone who wrote any of it
  review_comment    text,                                    -- what a reviewer asked for last
  submitted_by      uuid        references staff,
  submitted_at      timestamptz,
  published_at      timestamptz,
  created_by        uuid        not null references staff,
  created_at        timestamptz not null,
  unique (incident_id, number),
  check ((state = 'published') = (number is not null and published_at is not null)),
  check (state not in ('in-review', 'published') or (facts is not null and binding is not null)),
  check ((kind = 'question-hour') = (question_hour is not null)),
  check ((kind = 'correction') = (corrects is not null))
);

create table publication_approval (
  update_id  uuid        not null references publication_update,
  staff_id   uuid        not null references staff,
  binding    bytea       not null,
  waiver     text,                                           -- reason, where an organisation of one waives four eyes
  at         timestamptz not null,
  primary key (update_id, staff_id, binding)
);
create trigger publication_approval_append_only before update or delete on publication_approval
  for each row execute function refuse_change();

-- Somebody who wants a mail when an update is published.
create table subscription (
  id            uuid        primary key,
  incident_id   uuid        not null references publication,
  address_hash  bytea       not null,                        -- keyed with the incident's key
  mailbox_hash  bytea       not null,                        -- of the mailbox behind it, for counting
  sealed        bytea       not null,                        -- the address, and the secret of its link
  token_hash    bytea       not null unique,                 -- SHA-256 of that secret
  language      text        not null check (language in ('en', 'zh', 'ru')),
  asked_at      timestamptz not null,
  confirmed_at  timestamptz,                                 -- null: nobody with that mailbox has said yes
  unique (incident_id, address_hash)
);
create index subscription_unconfirmed on subscription (asked_at) where confirmed_at is null;

-- How often a mailbox was asked to confirm, so that nobody can have us fill a mailbox. It outlives
-- a subscription that was never confirmed, and goes when the address says yes.
create table subscription_asking (
  incident_id   uuid        not null references publication,
  mailbox_hash  bytea       not null,
  times         integer     not null,
  last_at       timestamptz not null,
  primary key (incident_id, mailbox_hash)
);
create index subscription_asking_lately on subscription_asking (incident_id, last_at);
