-- A survey of the people of one audience. Nothing here, and nothing in this database, says who
-- answered or what: passes are made anew from the survey's key wherever they are needed.
create table survey (
  id              uuid         primary key,
  incident_id     uuid         not null references incident,
  audience_id     uuid         not null references audience,
  question_set    text         not null,
  breakdown       text         not null check (breakdown in ('none', 'language', 'heard')),
  batch_min       integer      not null check (batch_min >= 10),
  closes_at       timestamptz  not null,
  state           text         not null check (state in ('draft', 'open', 'closed')),
  invited         integer,                            -- people with a pass
  public_key      bytea        not null,
  sealed_private  bytea,                              -- under the survey's own key; gone after the last release
  created_by      uuid         not null references staff,
  created_at      timestamptz  not null,
  opened_by       uuid         references staff,      -- another person than the author
  opened_at       timestamptz,
  closed_at       timestamptz,
  finished_at     timestamptz                         -- the last answers are out and the private key is destroyed
);
create index survey_by_incident on survey (incident_id);
-- An invitation must know which survey it invites to.
create unique index survey_open on survey (incident_id) where state = 'open';
