-- A letter's number: 10 Crockford base-32 characters of chance, the first a letter, so that no
-- spreadsheet takes one for a number and writes 1.2E+45. It stands on the letter, in the address
-- file and in the mail house's receipts, and says nothing about anybody.
create function letter_number() returns text language sql volatile as $$
  select string_agg(case when i = 0 then substr('ABCDFGHJKMNPQRST', 1 + (get_byte(bytes, i) & 15), 1)
                         else substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + (get_byte(bytes, i) & 31), 1)
                    end, '' order by i)
    from (select uuid_send(gen_random_uuid()) as bytes) as drawn,
         unnest(array[0, 1, 2, 3, 4, 5, 9, 10, 11, 12]) as i
$$;

-- Letters of one wave that go to a mail house together.
create table letter_batch (
  id            uuid        primary key,
  incident_id   uuid        not null references incident,
  wave_id       uuid        not null references wave,
  state         text        not null default 'making'
                check (state in ('making', 'ready', 'downloaded', 'expired', 'cancelled')),
  reason        text,                                       -- why it could not be made
  run_id        uuid,                                       -- the worker that makes it; the fence of what it writes
  beat_at       timestamptz,                                -- when that worker last said so, by this server's clock
  requested_by  uuid        not null references staff,
  requested_at  timestamptz not null,
  unlocked_by   uuid        references staff,               -- showed a second factor; may download until then
  unlocked_until timestamptz,
  made_at       timestamptz,
  files_gone_at timestamptz
);
create index letter_batch_by_wave on letter_batch (wave_id, requested_at);
create index letter_batch_files on letter_batch (requested_at) where files_gone_at is null;

create table letter_file (
  id             uuid     primary key,
  batch_id       uuid     not null references letter_batch,
  kind           text     not null check (kind in ('letters', 'addresses', 'held')),
  language       text,
  paper          text     check (paper in ('a4', 'us-letter')),
  part           integer  not null default 1,
  letters        integer  not null default 0,
  pages          integer  not null default 0,
  bytes          bigint   not null default 0,
  pieces         integer  not null default 0,
  downloaded_at  timestamptz,
  unique nulls not distinct (batch_id, kind, language, paper, part)
);

-- The files, sealed in pieces, deleted within 24 hours.
create table letter_chunk (
  file_id   uuid     not null references letter_file on delete cascade,
  position  integer  not null,
  sealed    bytea    not null,
  primary key (file_id, position)
);
-- Sealed bytes do not compress.
alter table letter_chunk alter sealed set storage external;

create table letter (
  batch_id     uuid     not null references letter_batch,
  delivery_id  bigint   not null references delivery,
  number       text     not null unique default letter_number(),
  live         boolean  not null default true,              -- false once its batch came to nothing
  state        text     not null default 'planned'
               check (state in ('planned', 'made', 'held', 'dropped', 'mailed', 'returned', 'failed')),
  reason       text,                                        -- why it is held or was dropped; names no value
  language     text,
  paper        text,
  pages        integer,
  told_on      date,                                        -- the mail house's day and code
  told_code    text,
  primary key (batch_id, delivery_id)
);
-- Nobody is in two batches that may both be mailed.
create unique index letter_live on letter (delivery_id) where live;
