-- What an authority is told to meet one obligation. Its words are sealed: they name our own people.
create table filing (
  id             uuid        primary key,
  incident_id    uuid        not null references incident,
  obligation     text        not null,
  rule_version   text        not null,
  form           text        not null,
  kind           text        not null check (kind in ('initial', 'supplement', 'final')),
  state          text        not null check (state in ('draft', 'approved', 'filed')),
  version        integer     not null check (version > 0),
  sealed         bytea       not null,                       -- see FilingWords
  scope_version  integer,                                    -- the facts it was approved on
  reference      text,                                       -- of the authority
  filed_at       timestamptz,
  created_by     uuid        not null references staff,
  created_at     timestamptz not null,
  edited_by      uuid        not null references staff,
  approved_by    uuid        references staff,
  approved_at    timestamptz,
  check ((state = 'draft') = (approved_at is null)),
  check (num_nonnulls(approved_by, approved_at, scope_version) in (0, 3)),
  check ((state = 'filed') = (filed_at is not null)),
  check (num_nonnulls(reference, filed_at) in (0, 2))
);
create index filing_by_incident on filing (incident_id);
