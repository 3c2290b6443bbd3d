-- The answers of surveys. Nothing here names or numbers a person, refers to another database, or
-- holds a time finer than a day. Whoever reads this database, system columns and dead rows
-- included, must not learn more: see src/store/feedback/answers.ts.

-- What the public door must know of a survey.
create table survey (
  survey_id     uuid     primary key,
  question_set  text     not null,
  breakdown     text     not null,
  closes_on     date     not null,
  open          boolean  not null,
  public_key    bytea    not null
);

-- SHA-256 of every pass. Which person's it is only the survey's key can tell, which is on another
-- server. After the end all are spent, so that not even that key tells who answered.
create table pass (
  hash       bytea    primary key,
  survey_id  uuid     not null,
  spent      boolean  not null
);

-- Answers nobody has read, sealed to the survey's public key, all of one size. Plain storage:
-- the side table for long values would have rows, and so an order, of its own.
create table holding (
  id         uuid   primary key,
  survey_id  uuid   not null,
  sealed     bytea  not null
);
alter table holding alter sealed set storage plain;

-- What was answered, as counts, sealed under the incident's key. There is no row of one person.
create table tally (
  survey_id    uuid   primary key,
  released_on  date   not null,
  sealed       bytea  not null
);

-- Free text, scrubbed, sealed under the incident's key, all of one size. Nothing leads from a text
-- to another answer of the same person. `shown` turns true for at least ten at a time.
create table remark (
  id         uuid     primary key,
  survey_id  uuid     not null,
  shown      boolean  not null,
  sealed     bytea    not null
);
alter table remark alter sealed set storage plain;
