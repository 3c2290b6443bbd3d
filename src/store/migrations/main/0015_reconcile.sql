-- An e-mail names its delivery by the reference in its Message-ID, which only a worker can read.
alter table receipt
  add column message_ref text,                                        -- 32 hex digits, as they were quoted to us
  drop constraint receipt_effect_check,
  add constraint receipt_effect_check                                 -- unproven: not a reference that we made
    check (effect in ('moved', 'nothing-new', 'old-attempt', 'no-delivery', 'unproven'));
create index receipt_unread on receipt (id)
  where message_ref is not null and delivery_id is null and applied_at is null;

-- Why a channel is closed to somebody: they said so, or nothing arrives there.
alter table closed_channel add column reason text check (reason in ('stopped', 'hard-bounce'));

-- What we did to learn what became of an attempt whose outcome nobody knew.
alter table attempt
  add column looks     smallint    not null default 0,                -- how often its provider was asked in vain
  add column looked_at timestamptz,
  add column evidence  text        check (evidence in ('found', 'absent', 'resent', 'person'));
create index attempt_unknown on attempt (delivery_id, n) where outcome = 'unknown';

-- People whom no channel reaches, for substitute notice.
create index delivery_not_reached on delivery (wave_id, id)
  where state = 'not-reached' or (state = 'rejected' and onward is false);
