-- Staff, their roles, their tokens. Contact data and second factors are sealed
-- under the organisation's key.
create table staff (
  id              uuid        primary key,
  name            text        not null check (length(name) between 1 and 200),
  email_index     bytea       not null unique,          -- HMAC of the address: one account a person
  email_sealed    bytea       not null,
  totp_sealed     bytea,
  totp_confirmed_at timestamptz,                        -- counts only once its owner has shown a code
  totp_last_step  bigint      not null default 0,       -- a code is spent once
  totp_failures   integer     not null default 0,
  totp_locked_until timestamptz,
  created_at      timestamptz not null,
  disabled_at     timestamptz
);

create table role_grant (
  staff_id      uuid        not null references staff,
  role          text        not null check (role in ('responder', 'drafter', 'approver', 'counsel', 'auditor', 'admin')),
  granted_by    uuid        references staff,            -- null: by the operator at the machine
  granted_at    timestamptz not null,
  effective_at  timestamptz not null,                    -- approvals count from here; a second admin may bring it forward
  confirmed_by  uuid        references staff,
  primary key (staff_id, role)
);

create table invitation (
  id          uuid        primary key,
  staff_id    uuid        not null references staff,
  token_hash  bytea       not null unique,
  created_by  uuid        references staff,              -- null: by the operator at the machine
  created_at  timestamptz not null,
  expires_at  timestamptz not null,
  used_at     timestamptz
);

create table token (
  id           uuid        primary key,
  staff_id     uuid        not null references staff,
  label        text        not null,
  token_hash   bytea       not null unique,
  created_at   timestamptz not null,
  expires_at   timestamptz not null,
  revoked_at   timestamptz
);
create index token_by_staff on token (staff_id);

-- The first half of an act that needs two people.
create table countersign (
  act         text        not null,
  subject_id  uuid        not null,
  staff_id    uuid        not null references staff,
  reason      text,
  at          timestamptz not null,
  primary key (act, subject_id)
);

-- Answers already given, so that a repeated request has one effect. Answers are
-- sealed under the organisation's key; one that held a secret is not kept at all.
create table idempotency (
  staff_id    uuid        not null references staff,
  key         text        not null check (length(key) between 1 and 200),
  route       text        not null,
  body_hash   bytea       not null,
  status      integer,                                    -- null while the first request runs
  response    bytea,
  created_at  timestamptz not null default now(),
  primary key (staff_id, key)
);
create index idempotency_by_age on idempotency (created_at);
