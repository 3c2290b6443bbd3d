-- When a database that was restored from a backup was unlocked after this wave had ended: what
-- happened to it after the backup is not known here, so it goes on only where two people say so.
alter table wave add column restored_at timestamptz;

-- The names that our provider of SMS gave to messages it reported about: each is one message's.
create index receipt_sms on receipt (reference) where provider = 'twilio';
