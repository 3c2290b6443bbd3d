-- Where an incident came from that was read from a file. The key is a hash: files name organisations,
-- and some of those are people.
create table imported_incident (
  source       text        not null check (source in ('veris', 'hhs', 'processor')),
  key          text        not null,
  content_hash text        not null,                        -- of what was read, to tell that a file says something new
  incident_id  uuid        not null references incident,
  imported_by  uuid        not null references staff,
  imported_at  timestamptz not null,
  primary key (source, key)
);
create index imported_incident_by_incident on imported_incident (incident_id);

-- An address at which a calendar program, which cannot sign in, reads one person's deadlines. Only
-- the hash of its secret is kept; one address a person.
create table calendar_feed (
  id           uuid        primary key,
  staff_id     uuid        not null references staff,
  token_hash   bytea       not null unique,
  created_at   timestamptz not null,
  expires_at   timestamptz not null,
  revoked_at   timestamptz
);
create unique index calendar_feed_one_a_person on calendar_feed (staff_id) where revoked_at is null;
