-- Rows as a server of the first form left them (migrations up to 0001-first).
update meta set chain_id = 31337, publisher_registry = '\x0101010101010101010101010101010101010101',
  media_registry = '\x0202020202020202020202020202020202020202', start_block = 1, next_sequence = 8, record_count = 2;
insert into headers values (1, '\x11', '\x10', 1700000000), (2, '\x12', '\x11', 1700000012);
insert into publishers values (1, '\x0303030303030303030303030303030303030303', 1, 0);
insert into profiles values (1, 1, 1, 'data:,', '\x04', 'A name', null);
insert into keys_added values (1, '\x05', 1, 2), (1, '\x06', 1, 3);
insert into keys_ended values (1, '\x06', 2, 4);
insert into records values
  (3, '\x21', 1, '\x31', '\x41', '\x05', 1, 1, '\x51', 2, 0, '\x61'),
  (7, '\x22', 1, '\x32', '\x42', '\x05', 2, 1, '\x52', 2, 1, '\x62');
insert into revocations values ('\x21', 1, '\x31', '\x05', 1, 2, 2);
insert into manifests values ('\x21', '\x41', 'present', 'A title', null, 640, 480), ('\x22', '\x42', 'mismatch', null, null, null, null);
insert into lookups values ('a lookup', 1700000000, 1800000000, '{"id":"a lookup"}');
