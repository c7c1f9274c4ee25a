-- The first form of the catalogue. Every row of the chain carries the block and the log that wrote it, and is never changed:
-- rolling back is deleting the rows above a block. Integers are wide because PostgreSQL has no unsigned ones.

-- One row. next_sequence only ever grows: a number that a rollback freed is not given again.
create table meta (
  id smallint primary key default 1 check (id = 1),
  chain_id bigint,
  publisher_registry bytea,
  media_registry bytea,
  start_block bigint,
  next_sequence bigint not null default 1,
  record_count bigint not null default 0
);
insert into meta default values;

-- The highest one is the head. Each block that holds a log of ours has its header here.
create table headers (
  number bigint primary key,
  hash bytea not null,
  parent_hash bytea not null,
  time bigint not null
);

create table publishers (
  publisher_id bigint primary key,
  custody bytea not null unique,
  block_number bigint not null,
  log_index integer not null
);
create index publishers_by_block on publishers (block_number);

-- The last one of a publisher counts. name and domain are what could be read from the address itself.
create table profiles (
  block_number bigint not null,
  log_index integer not null,
  publisher_id bigint not null,
  uri text not null,
  digest bytea not null,
  name text,
  domain text,
  primary key (block_number, log_index)
);
create index profiles_by_publisher on profiles (publisher_id, block_number desc, log_index desc);

create table keys_added (
  publisher_id bigint not null,
  key bytea not null,
  block_number bigint not null,
  log_index integer not null,
  primary key (publisher_id, key)
);
create index keys_added_by_block on keys_added (block_number);

create table keys_ended (
  publisher_id bigint not null,
  key bytea not null,
  block_number bigint not null,
  log_index integer not null,
  primary key (publisher_id, key),
  foreign key (publisher_id, key) references keys_added
);
create index keys_ended_by_block on keys_ended (block_number);

create table records (
  sequence bigint primary key,
  record_id bytea not null unique,
  publisher_id bigint not null,
  content_digest bytea not null,
  manifest_digest bytea not null,
  signer bytea not null,
  kind smallint not null,
  algorithm smallint not null,
  -- Words of 32 bytes, one after the other.
  words bytea not null,
  block_number bigint not null,
  log_index integer not null,
  transaction_hash bytea not null
);
-- Each has the order of listings in it, so that no listing sorts, or walks the table in search of a digest that is not there.
create index records_by_digest on records (content_digest, sequence);
create index records_by_publisher on records (publisher_id, sequence);
create index records_by_kind on records (kind, sequence);
create index records_by_publisher_and_kind on records (publisher_id, kind, sequence);

-- May come before its record, after it, or without one.
create table revocations (
  record_id bytea primary key,
  publisher_id bigint not null,
  content_digest bytea not null,
  signer bytea not null,
  reason smallint not null,
  block_number bigint not null,
  log_index integer not null
);
create index revocations_by_block on revocations (block_number);

-- What manifests say. Not of the chain, so rolling back leaves it; the digest keeps it from another manifest's record.
create table manifests (
  record_id bytea not null,
  manifest_digest bytea not null,
  state text not null,
  title text,
  duration_ms bigint,
  width bigint,
  height bigint,
  primary key (record_id, manifest_digest)
);

create table lookups (
  id text primary key,
  created_at bigint not null,
  expires_at bigint not null,
  body text not null
);
create index lookups_by_expiry on lookups (expires_at);
