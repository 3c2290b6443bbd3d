-- Which relay or provider an attempt went through, by the name its setting gives it.
alter table attempt add column provider text;
