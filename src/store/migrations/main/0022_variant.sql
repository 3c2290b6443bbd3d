-- Where a person lives, as ISO 3166 (DE, US-MA), as far as their row said; null where it did not, and
-- for everyone imported before. Which words of a notice a person gets and which channels the law of
-- their place permits are planned by it. It stands in the sealed person too, and their digest binds it.
alter table recipient add column place text;
alter table upload_row add column place text;

-- Variant → the places whose people get its texts, where one text cannot be right for all of them.
alter table notice_version add column variants jsonb not null default '{}';
