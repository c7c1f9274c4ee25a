-- Records that may have several anchors, declarations of compromise, custody that moves, and batches. The contracts are others than
-- before, so nothing of the old rows is of use: the index is built anew from the chain. Lookups and manifests stay.
drop table revocations;
drop table records;
drop table keys_ended;
drop table keys_added;
drop table profiles;
drop table publishers;
delete from headers;
update meta set record_count = 0, chain_id = null, publisher_registry = null, media_registry = null, start_block = null;

create table publishers (
  publisher_id bigint primary key,
  -- Who created it; custody_events say what came after.
  custody bytea not null,
  block_number bigint not null,
  log_index integer not null
);
create index publishers_by_block on publishers (block_number);
create index publishers_by_custody on publishers (custody);

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

-- What an account signed for a publisher from `since` on is void. Read by joins: nothing of it is copied into other rows.
create table compromises (
  publisher_id bigint not null,
  account bytea not null,
  since bigint not null,
  block_number bigint not null,
  log_index integer not null,
  primary key (publisher_id, account)
);
create index compromises_by_block on compromises (block_number);

-- Offers and changes of custody and recovery, in the words of the events; read in order.
create table custody_events (
  block_number bigint not null,
  log_index integer not null,
  publisher_id bigint not null,
  type text not null,
  account bytea,
  not_before bigint,
  primary key (block_number, log_index)
);
create index custody_events_by_publisher on custody_events (publisher_id, block_number, log_index);

-- One row an anchor: a record may have several. way: 1 stored, 2 logged, 3 rooted. Sequences follow the chain, except that the claims of
-- a rooted batch come when its list does.
create table records (
  sequence bigint primary key,
  record_id bytea not null,
  publisher_id bigint not null,
  content_digest bytea not null,
  manifest_digest bytea not null,
  signer bytea not null,
  kind smallint not null,
  algorithm smallint not null,
  -- Words of 32 bytes, one after the other.
  words bytea not null,
  way smallint not null,
  -- Null where stored.
  batch_root bytea,
  leaf_index integer not null,
  -- Of the block.
  time bigint not null,
  block_number bigint not null,
  log_index integer not null,
  transaction_hash bytea not null
);
-- In the order in which the leading anchor of a record is sought.
create unique index records_by_record on records (record_id, block_number, log_index, leaf_index);
-- Each has the order of listings in it, so that no listing sorts, or walks the table in search of a digest that is not there.
create index records_by_digest on records (content_digest, sequence);
create index records_by_publisher on records (publisher_id, sequence);
create index records_by_kind on records (kind, sequence);
create index records_by_publisher_and_kind on records (publisher_id, kind, sequence);
create index records_rooted on records (block_number) where way = 3;

-- Revocations (kind 1) and supersessions (kind 2). May come before their record, after it, or without one.
create table changes (
  block_number bigint not null,
  log_index integer not null,
  record_id bytea not null,
  publisher_id bigint not null,
  content_digest bytea not null,
  signer bytea not null,
  kind smallint not null,
  reason smallint,
  superseded_by bytea,
  time bigint not null,
  transaction_hash bytea not null,
  primary key (block_number, log_index)
);
create index changes_by_record on changes (record_id, block_number, log_index);

-- Rooted batches. list: whether their list of claims is here; it goes with the batch when that is rolled back.
create table batches (
  block_number bigint not null,
  log_index integer not null,
  publisher_id bigint not null,
  root bytea not null,
  list_digest bytea not null,
  count integer not null,
  signer bytea not null,
  time bigint not null,
  transaction_hash bytea not null,
  list text not null default 'missing',
  primary key (block_number, log_index)
);
create index batches_by_list on batches (list_digest);
create index batches_by_publisher on batches (publisher_id, block_number, log_index);
create index batches_unlisted on batches (list) where list <> 'present';
