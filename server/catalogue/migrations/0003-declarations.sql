-- A declaration may be extended to an earlier time, so there can be several of an account; each says who made it.
alter table compromises add column declared_by bytea;
alter table compromises drop constraint compromises_pkey;
alter table compromises add primary key (block_number, log_index);
create index compromises_by_account on compromises (publisher_id, account);

-- contested: whoever declared was itself declared compromised since then or before.
create view declarations as
  select c.publisher_id, c.account, c.since, c.declared_by, c.block_number, c.log_index, h.time as declared_at,
    exists (select 1 from compromises d where d.publisher_id = c.publisher_id and d.account = c.declared_by and d.since <= h.time)
      as contested
  from compromises c join headers h on h.number = c.block_number;
