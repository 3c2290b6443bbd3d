create table incident (
  id                    uuid        primary key,
  version               integer     not null default 1,
  title                 text        not null,
  determination         text        not null check (determination in ('suspected', 'confirmed', 'false-positive')),
  state                 text        not null check (state in ('open', 'containment', 'eradication', 'recovery', 'post-incident', 'closed')),
  aware_at              timestamptz not null,
  aware_zone            text        not null,
  sensitivity_override  text        check (sensitivity_override in ('ordinary', 'contact', 'financial', 'identity', 'special-category')),
  sensitivity_reason    text,
  owners                jsonb       not null default '{}', -- role → staff id
  runbook               text,
  declared_by           uuid        not null references staff,
  declared_at           timestamptz not null
);

-- Every scope there ever was; the newest version is the current one.
create table scope (
  incident_id   uuid        not null references incident,
  version       integer     not null,
  facts         jsonb       not null,                      -- the whole scope
  field_hashes  jsonb       not null,                      -- field → SHA-256 hex of its canonical JSON
  reason        text,
  created_by    uuid        not null references staff,
  created_at    timestamptz not null,
  primary key (incident_id, version)
);
create trigger scope_append_only before update or delete on scope
  for each row execute function refuse_change();

create table task (
  id           uuid        primary key,
  incident_id  uuid        not null references incident,
  version      integer     not null default 1,
  position     integer     not null,
  title        text        not null,
  detail       text        not null default '',
  phase        text        not null,
  owner_role   text        not null,
  owner        uuid        references staff,
  due_at       timestamptz,
  done_at      timestamptz,
  done_by      uuid        references staff,
  runbook      text,
  unique (incident_id, runbook, position)
);
