-- Attempts in the order they were made. What is committed is witnessed outside of this database, so
-- that one restored from a backup is known by a smaller number. Earlier attempts have none: giving
-- them one would rewrite the table.
alter table attempt add column seq bigint;
create sequence attempt_seq as bigint owned by attempt.seq;
alter table attempt alter column seq set default nextval('attempt_seq');
create index attempt_newest on attempt (seq) where seq is not null;

alter table engine
  add column database_id    uuid,                                     -- travels with a backup; null until the first witness
  add column restores       integer     not null default 0,          -- how often an operator unlocked after a restore
  add column attempt_seq    bigint      not null default 0,          -- largest ever witnessed; rows may be deleted since
  add column witnessed_boot timestamptz,                             -- the start of the server under which it was compared
  add column locked_reason  text        check (locked_reason in ('restored', 'person')),
  add column locked_at      timestamptz,
  add column locked_facts   jsonb,
  add check ((locked_reason is null) = (locked_at is null));

-- Whether anything may be sent at all: nobody locked sending, and since the server was started a
-- worker has compared this database with what was witnessed. After a minute the second is waived,
-- for an installation whose workers are all of a version that does not compare.
create function sending_open() returns boolean language sql stable as $$
  select locked_reason is null
     and (witnessed_boot is null
          or witnessed_boot = pg_postmaster_start_time()
          or now() > pg_postmaster_start_time() + interval '1 minute')
    from engine
$$;

-- Whether a wave may send at this moment.
create or replace function may_send(w wave) returns boolean language sql stable as $$
  select w.state in ('canary', 'sending')
     and (w.not_after is null or now() < w.not_after)
     and sending_open()
     and not is_withdrawn(w)
     and facts_hold(w.incident_id, w.facts)
$$;

-- What keeps a worker from sending though it beats, such as a wrong clock.
alter table worker add column trouble text;

-- A row that failed too often waits for a person.
alter table outbox
  add column parked_at    timestamptz,
  add column parked_code  text;                                      -- class or code of the last error; never its text
create index outbox_parked on outbox (id) where parked_at is not null and done_at is null;
