-- Nobody knows what became of this attempt, and a person let the next one go by any relay.
alter table attempt add column any_relay boolean not null default false;

-- SMS that were taken and of which nobody has said what became of them.
create index delivery_sms_accepted on delivery (settled_at)
  where state = 'accepted' and channel = 'sms';

-- Whose SMS a worker sends: another account's list of messages proves nothing about them.
alter table worker add column sms_account text;
