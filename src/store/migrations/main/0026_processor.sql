-- Processors whose signed notices we open (GDPR Article 33(2)): a name of ours, and their public key.
create table processor (
  id          uuid        primary key,
  name        text        not null,
  public_key  bytea       not null unique check (length(public_key) = 32),   -- Ed25519
  trusted_by  uuid        not null references staff,
  trusted_at  timestamptz not null,
  ended_by    uuid        references staff,
  ended_at    timestamptz,
  check (num_nonnulls(ended_by, ended_at) in (0, 2))
);

-- The notices of a processor about one of its incidents; each number counts once.
create table processor_notice (
  processor_id  uuid        not null references processor,
  their_key     text        not null,                         -- hash of their incident's id
  number        integer     not null check (number > 0),      -- the version of their scope
  incident_id   uuid        not null references incident,
  scope_version integer     not null,                         -- what it became of ours
  opened_by     uuid        not null references staff,
  opened_at     timestamptz not null,
  primary key (processor_id, their_key, number)
);
create trigger processor_notice_append_only before update or delete on processor_notice
  for each row execute function refuse_change();
