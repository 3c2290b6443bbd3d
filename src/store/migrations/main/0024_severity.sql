-- What people said of an incident's severity: never changed, the newest counts.
create table severity (
  incident_id    uuid        not null references incident,
  version        integer     not null,
  scope_version  integer     not null,                       -- the facts it was said on
  input          jsonb       not null,                       -- see SeverityInput: codes, and a reason
  by             uuid        not null references staff,
  at             timestamptz not null,
  primary key (incident_id, version)
);
create trigger severity_append_only before update or delete on severity
  for each row execute function refuse_change();
