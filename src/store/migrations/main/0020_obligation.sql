-- Obligations are derived from facts each time they are read and are kept nowhere. Kept is what
-- people add to them; an obligation is named by its id, `rule/duty/stage` or `rule/duty/stage@place`.

-- Answers to the questions of rules, and when events were that start clocks. The newest counts.
create table obligation_answer (
  incident_id  uuid        not null references incident,
  question     text        not null,
  version      integer     not null check (version > 0),
  value        jsonb       not null,                        -- yes, no, a number, a place, a time; or not-yet-known
  reason       text        not null,
  answered_by  uuid        not null references staff,
  answered_at  timestamptz not null,
  primary key (incident_id, question, version)
);
create trigger obligation_answer_append_only before update or delete on obligation_answer
  for each row execute function refuse_change();

-- How great the risk to people was judged to be, and by the text of which rules.
create table risk_decision (
  incident_id  uuid        not null references incident,
  version      integer     not null check (version > 0),
  level        text        not null check (level in ('unlikely', 'risk', 'high-risk')),
  reasons      text[]      not null check (cardinality(reasons) > 0),
  rules        jsonb       not null,                        -- [{id, version, threshold}] as they were then
  decided_by   uuid        not null references staff,
  decided_at   timestamptz not null,
  primary key (incident_id, version)
);
create trigger risk_decision_append_only before update or delete on risk_decision
  for each row execute function refuse_change();

-- What shows that an obligation was met, or why it was missed. Of each kind the newest counts; one
-- that is taken back counts for nothing.
create table obligation_record (
  incident_id  uuid        not null references incident,
  obligation   text        not null,
  kind         text        not null check (kind in ('met', 'missed')),
  version      integer     not null check (version > 0),
  taken_back   boolean     not null default false,
  at           timestamptz,                                 -- when it was met
  reference    text,                                        -- of the authority, for what was filed
  wave_id      uuid        references wave,
  counts       jsonb,                                       -- how the wave stood then
  reason       text,
  recorded_by  uuid        not null references staff,
  recorded_at  timestamptz not null,
  primary key (incident_id, obligation, kind, version),
  check (taken_back or kind <> 'met' or (at is not null and num_nonnulls(reference, wave_id) = 1)),
  check (kind = 'met' or reason is not null),
  check ((wave_id is null) = (counts is null))
);
create trigger obligation_record_append_only before update or delete on obligation_record
  for each row execute function refuse_change();

-- What relieves us of a clock: a hold that law enforcement asked for, or a person's judgement that
-- the duty does not apply. It counts once a second person agreed, and until it is ended.
create table obligation_relief (
  id           uuid        primary key,
  incident_id  uuid        not null references incident,
  kind         text        not null check (kind in ('hold', 'not-applicable')),
  obligations  text[]      not null check (cardinality(obligations) > 0),
  asked_by     text,                                        -- the agency that asked for a hold
  since        timestamptz,
  until        timestamptz,
  reason       text        not null,
  waiver       text,                                        -- reason, where an organisation of one waives the second person
  proposed_by  uuid        not null references staff,
  proposed_at  timestamptz not null,
  agreed_by    uuid        references staff,
  agreed_at    timestamptz,
  ended_by     uuid        references staff,
  ended_at     timestamptz,
  end_reason   text,
  check ((kind = 'hold') = (asked_by is not null and since is not null and until is not null)),
  check (num_nonnulls(agreed_by, agreed_at) in (0, 2)),
  check (num_nonnulls(ended_by, ended_at, end_reason) in (0, 3))
);
create index obligation_relief_by_incident on obligation_relief (incident_id);

-- Who was told of a clock that runs out, once for each: it is written in the transaction that tells.
create table obligation_alert (
  incident_id  uuid        not null references incident,
  obligation   text        not null,
  kind         text        not null check (kind in ('due-in-48h', 'due-in-24h', 'due-in-4h', 'overdue')),
  due_at       timestamptz not null,
  told_at      timestamptz not null,
  primary key (incident_id, obligation, kind, due_at)
);

-- A person read a rule against its source. It stands for that version of the rule only.
create table rule_review (
  rule_id      text        not null,
  version      text        not null,
  reviewed_by  uuid        not null references staff,
  reviewed_at  timestamptz not null,
  note         text        not null,
  primary key (rule_id, version, reviewed_by)
);
create trigger rule_review_append_only before update or delete on rule_review
  for each row execute function refuse_change();
