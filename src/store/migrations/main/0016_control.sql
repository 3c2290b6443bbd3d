-- What approvers sign about when a wave is sent: before others, by when, and in which hours of
-- the day where the reader is.
alter table submission add column urgent boolean not null default false;
alter table submission add column deadline timestamptz;
alter table submission add column local_hours jsonb;

-- What had gone wrong when two people let a stopped wave go on: no more than this does not stop
-- it again.
alter table wave add column judged jsonb not null default '{}';
-- When the timeline was told that messages go out at night because of the deadline.
alter table wave add column override_noted_at timestamptz;

-- Sent again once by a person, after our own settings had been the reason for its rejection.
alter table delivery add column resent_at timestamptz;

create index delivery_held on delivery (wave_id, id) where state = 'held';
create index receipt_complained on receipt (delivery_id) where status = 'complained';
