-- Data keys, wrapped by the root key. This database lives on its own server, with
-- its own short-lived backups, so that a dump of the main database opens nothing.
create table root_key (
  version              integer     primary key,
  fingerprint          bytea       not null,           -- SHA-256 of the key, to refuse a wrong one
  created_at           timestamptz not null default now(),
  escrow_confirmed_at  timestamptz                     -- an operator proved that the offline copy exists
);

create table data_key (
  id            uuid        primary key,               -- the incident's id; all zeroes is the organisation's own
  root_version  integer     not null references root_key,
  wrapped       bytea       not null,
  created_at    timestamptz not null default now()
);
