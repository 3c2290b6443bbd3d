-- A comparison of the people who were told with those who are affected as is known now. It puts the
-- people of each group into an audience of its own, and never changes the two it compares.
create table delta (
  id           uuid        primary key,
  incident_id  uuid        not null references incident,
  told_id      uuid        not null references audience,
  current_id   uuid        not null references audience,
  state        text        not null check (state in ('comparing', 'done')),
  -- Group → {people, audienceId, noticeId}; of those whose exposure shrank only their number.
  groups       jsonb,
  asked_by     uuid        not null references staff,
  asked_at     timestamptz not null,
  finished_at  timestamptz,
  check (told_id <> current_id),
  check ((state = 'done') = (groups is not null and finished_at is not null))
);
create index delta_by_incident on delta (incident_id);
