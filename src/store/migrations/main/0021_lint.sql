-- Problems of a text that an approver lets stand, each with the reason. An override is of one
-- finding (a hash of what was found where) in one version: another version needs its own.
create table lint_override (
  notice_version_id uuid        not null references notice_version,
  finding           text        not null check (finding ~ '^[0-9a-f]{32}$'),
  code              text        not null,
  language          text        not null,                    -- the text's key, with its variant
  line              integer     not null,
  reason            text        not null check (length(btrim(reason)) >= 10),
  staff_id          uuid        not null references staff,
  at                timestamptz not null,
  primary key (notice_version_id, finding)
);
create trigger lint_override_append_only before update or delete on lint_override
  for each row execute function refuse_change();
