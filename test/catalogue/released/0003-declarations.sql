-- Rows as a server of the third form left them (migrations up to 0003-declarations).
update meta set chain_id = 31337, publisher_registry = '\x0101010101010101010101010101010101010101',
  media_registry = '\x0202020202020202020202020202020202020202', start_block = 1, next_sequence = 9, record_count = 2;
insert into headers values (1, '\x11', '\x10', 1700000000), (2, '\x12', '\x11', 1700000012), (9, '\x19', '\x18', 1700000100);
insert into publishers values (1, '\x0303030303030303030303030303030303030303', 1, 0);
insert into profiles values (1, 1, 1, 'data:,', '\x04', 'A name', null);
insert into keys_added values (1, '\x05', 1, 2), (1, '\x06', 1, 3);
insert into keys_ended values (1, '\x06', 2, 4);
insert into compromises values (1, '\x06', 1700000001, 2, 5, '\x03');
insert into custody_events values (2, 6, 1, 'custodyOffered', '\x07', null);
insert into records values
  (3, '\x21', 1, '\x31', '\x41', '\x05', 1, 1, '\x51', 1, null, 0, 1700000012, 2, 0, '\x61'),
  (7, '\x21', 1, '\x31', '\x43', '\x05', 1, 1, '\x51', 2, '\x71', 0, 1700000012, 2, 1, '\x61'),
  (8, '\x22', 1, '\x32', '\x42', '\x05', 2, 1, '\x52', 3, '\x72', 1, 1700000012, 2, 2, '\x62');
insert into changes values (2, 3, '\x21', 1, '\x31', '\x05', 2, null, '\x32', 1700000012, '\x63');
insert into batches values (2, 2, 1, '\x72', '\x73', 2, '\x05', 1700000012, '\x62', 'present');
insert into manifests values ('\x21', '\x41', 'present', 'A title', null, 640, 480);
insert into lookups values ('a lookup', 1700000000, 1800000000, '{"id":"a lookup"}');
