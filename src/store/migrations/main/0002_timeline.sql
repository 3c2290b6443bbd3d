-- The timeline is the audit chain: append-only, each entry holding the hash of
-- the one before it, written in the transaction of the change it describes.
create table timeline (
  seq          bigint      primary key,
  at           timestamptz not null,
  incident_id  uuid,
  actor        text        not null,                      -- a staff id, or system:<part>
  action       text        not null,
  subject      text        not null,                      -- kind:id
  before       jsonb       not null,
  after        jsonb       not null,
  reason       text,
  request_id   text,
  prev         bytea       not null,
  hash         bytea       not null unique
);
create index timeline_by_incident on timeline (incident_id, seq);

-- One row, locked while an entry is appended: entries are totally ordered.
create table timeline_head (
  one   boolean     primary key default true check (one),
  seq   bigint      not null,
  at    timestamptz not null,
  hash  bytea       not null
);
insert into timeline_head (seq, at, hash) values (0, '-infinity', decode(repeat('00', 32), 'hex'));

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% on % is not allowed: its rows are append-only', tg_op, tg_table_name
    using errcode = 'restrict_violation';
end $$;

create trigger timeline_append_only before update or delete on timeline
  for each row execute function refuse_change();
create trigger timeline_no_truncate before truncate on timeline
  for each statement execute function refuse_change();

-- What a later stage must be told of: ids only, handled idempotently by its worker.
create table outbox (
  id          bigint      generated always as identity primary key,
  kind        text        not null,
  ids         jsonb       not null,
  created_at  timestamptz not null default now(),
  handed_at   timestamptz,                                 -- given to the queue; given again if not done in time
  done_at     timestamptz,
  failures    integer     not null default 0
);
create index outbox_open on outbox (id) where done_at is null;
