-- What was promised of further news: dates, or a cadence, in a named zone. Rows never change but for
-- their end; a changed plan is a new row with the next version.
create table followup_plan (
  id           uuid        primary key,
  incident_id  uuid        not null references incident,
  version      integer     not null,
  zone         text        not null,
  rule         jsonb       not null,                        -- dates, or every day, week or month
  owners       uuid[]      not null check (cardinality(owners) > 0),
  sending      jsonb,                                       -- {audienceId, plan, canary}: submitted at once; null: drafted only
  created_by   uuid        not null references staff,
  created_at   timestamptz not null,
  ended_at     timestamptz,                                 -- replaced, or the incident closed
  unique (incident_id, version)
);
create unique index followup_plan_live on followup_plan (incident_id) where ended_at is null;

-- One follow-up. The local date and time are what was promised; the instant is computed from them.
create table followup (
  id             uuid        primary key,
  incident_id    uuid        not null references incident,
  plan_id        uuid        not null references followup_plan,
  occurrence     integer     not null check (occurrence >= 0),
  local_date     date        not null,
  local_time     text        not null check (local_time ~ '^[0-2][0-9]:[0-5][0-9]$'),
  zone           text        not null,
  due_at         timestamptz not null,
  tz_version     text        not null,                      -- of the time zone data that it was computed with
  state          text        not null default 'armed'
                 check (state in ('armed', 'fired', 'offered', 'skipped', 'cancelled')),
  fired_at       timestamptz,                               -- when it was acted on: drafted, or offered
  taken_by       uuid        references staff,              -- who took what had been offered
  notice_id      uuid        references notice,
  submission_id  uuid        references submission,
  problem        text,                                      -- why it was not submitted, by the code of the refusal
  reason         text,                                      -- why a person skipped it
  unique (plan_id, occurrence),
  check (state not in ('fired', 'offered') or fired_at is not null),
  check ((state = 'skipped') = (reason is not null))
);
create index followup_armed on followup (due_at) where state = 'armed';
create index followup_by_incident on followup (incident_id, due_at);

-- Who looks after the follow-ups of these owners: those of them who are still on staff in one of
-- these roles; where none is left, everybody who is. A promise must not wait for nobody.
create function followup_keepers(owners uuid[], roles text[]) returns setof uuid
language sql stable as $$
  with able as (
    select s.id from staff s
     where s.disabled_at is null
       and exists (select from role_grant g where g.staff_id = s.id and g.role = any(roles)))
  select id from able
   where id = any(owners) or not exists (select from able where id = any(owners))
$$;

-- When what a follow-up promised was given: an update was published, or a wave of news began. News
-- counts for every follow-up that was due by then, and for the next one where it comes before it by
-- no more than 24 hours and by less than half the time since the one before that. What was told
-- before anything was promised keeps no promise.
create function followup_kept_at(f followup) returns timestamptz language sql stable as $$
  select min(news.at)
    from (select u.published_at as at from publication_update u
           where u.incident_id = f.incident_id and u.state = 'published'
           union all
          select w.started_at from wave w
            join notice_version v on v.id = w.notice_version_id
            join notice n on n.id = v.notice_id
           where w.incident_id = f.incident_id and n.kind in ('update', 'correction', 'closing')) news
   where news.at > f.due_at - least(
           interval '24 hours',
           (select (f.due_at - max(e.due_at)) / 2 from followup e
             where e.incident_id = f.incident_id and e.due_at < f.due_at
               and e.state <> 'cancelled'))
     and news.at > (select p.created_at from followup_plan p where p.id = f.plan_id)
$$;

-- The promise to show of an incident: the earliest that was not kept.
create view next_update as
  select distinct on (f.incident_id) f.incident_id, f.due_at, f.zone, f.due_at < now() as missed
    from followup f join incident i on i.id = f.incident_id
   where f.state not in ('skipped', 'cancelled') and i.state <> 'closed'
     and followup_kept_at(f) is null
   order by f.incident_id, f.due_at;
