create table wave (
  id             uuid        primary key,
  incident_id    uuid        not null references incident,
  submission_id  uuid        not null unique references submission,  -- an approval is used once
  audience_id    uuid        not null references audience,
  notice_version_id uuid     not null references notice_version,
  version        integer     not null default 1,
  state          text        not null check (state in ('planned', 'canary', 'sending', 'paused', 'done', 'cancelled')),
  paused_reason  text        check (paused_reason in ('person', 'canary', 'breaker', 'facts-changed', 'restored', 'late')),
  canary_passed  boolean     not null default false,
  priority       integer     not null default 100,                  -- smaller goes first
  deadline       timestamptz,
  not_after      timestamptz,                                        -- the approved window ends; nothing is claimed later
  facts          jsonb       not null,                               -- as approved; compared with the current scope at claim
  started_by     uuid        not null references staff,
  started_at     timestamptz not null,
  ended_at       timestamptz,
  check ((state = 'paused') = (paused_reason is not null))
);
create index wave_by_incident on wave (incident_id);

-- Whether the approved facts are still what the newest scope says.
create function facts_hold(incident uuid, approved jsonb) returns boolean language sql stable as $$
  select coalesce((select field_hashes @> approved from scope
                    where incident_id = incident order by version desc limit 1), false)
$$;

-- Whether the notice of a wave was given up.
create function is_withdrawn(w wave) returns boolean language sql stable as $$
  select exists (select from notice_version v join notice n on n.id = v.notice_id
                  where v.id = w.notice_version_id and n.state = 'withdrawn')
$$;

-- Whether a wave may send at this moment.
create function may_send(w wave) returns boolean language sql stable as $$
  select w.state in ('canary', 'sending')
     and (w.not_after is null or now() < w.not_after)
     and not is_withdrawn(w)
     and facts_hold(w.incident_id, w.facts)
$$;

create table delivery (
  id            bigint      generated always as identity primary key,
  wave_id       uuid        not null references wave,
  recipient_id  uuid        not null,                                -- no reference: a person may be erased
  channel       text        not null check (channel in ('email', 'sms', 'letter', 'web')),
  state         text        not null check (state in ('planned', 'leased', 'sending', 'accepted', 'delivered', 'rejected',
                                                      'unknown', 'held', 'excluded', 'needs-letter', 'not-reached', 'cancelled')),
  reason        text,
  canary        boolean     not null default false,
  attempt       integer     not null default 0,
  slice_id      uuid,                                                -- kept after the claim: which slice it was sent in
  worker_id     uuid,                                                -- who claimed it last
  leased_until  timestamptz,
  next_at       timestamptz not null default now(),
  settled_at    timestamptz,
  unique (wave_id, recipient_id, channel),
  check (state <> 'leased' or (slice_id is not null and leased_until is not null))
) with (fillfactor = 70);
create index delivery_planned on delivery (wave_id, next_at, id) where state = 'planned';
create index delivery_canary on delivery (wave_id, state) where canary;
create index delivery_slice on delivery (slice_id) where state = 'leased';
create index delivery_leased on delivery (leased_until) where state = 'leased';
create index delivery_sending on delivery (worker_id) where state = 'sending';
create index delivery_unknown on delivery (wave_id, id) where state = 'unknown';

-- One call to a provider, written before the call.
create table attempt (
  delivery_id         bigint      not null references delivery on delete cascade,
  n                   integer     not null,
  worker_id           uuid        not null,
  started_at          timestamptz not null default now(),
  ended_at            timestamptz,
  outcome             text        check (outcome in ('accepted', 'throttled', 'transient', 'rejected', 'unknown', 'not-sent')),
  class               text,                                           -- recipient, content or configuration
  code                text,                                           -- the provider's reply code; never its text
  reference           text,
  possible_duplicate  boolean     not null default false,
  primary key (delivery_id, n)
);
create index attempt_duplicate on attempt (delivery_id) where possible_duplicate;

create table worker (
  id          uuid        primary key,
  started_at  timestamptz not null default now(),
  beat_at     timestamptz not null default now(),
  stopped_at  timestamptz
);

-- One row: the identity of the Redis contents we filled. A Redis without it is empty or another.
create table engine (
  one     boolean  primary key default true check (one),
  run_id  uuid     not null
);
insert into engine (run_id) values (gen_random_uuid());
