#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints SQL for sqlite3: tables in memory, indices, joins, text. sqlite_work.sh ROWS
cat <<SQL
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, shelf INTEGER, note TEXT);
CREATE TABLE shelf(id INTEGER PRIMARY KEY, label TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
  INSERT INTO item SELECT i, printf('item %x', (i * 7919) % 100003), i % 97, hex(i * 31337) || ' of ' || i FROM n;
INSERT INTO shelf SELECT DISTINCT shelf, 'shelf ' || shelf FROM item;
CREATE INDEX item_name ON item(name);
SELECT count(*), sum(length(note)) FROM item JOIN shelf ON item.shelf = shelf.id WHERE name LIKE 'item 1%';
SELECT count(*) FROM (SELECT name, group_concat(note, ',') FROM item GROUP BY name ORDER BY length(note), name);
UPDATE item SET note = upper(replace(note, 'a', 'bb')) WHERE id % 3 = 0;
DELETE FROM item WHERE id % 5 = 0;
SELECT shelf.label, count(*), max(note) FROM item JOIN shelf ON item.shelf = shelf.id GROUP BY shelf.label ORDER BY 2 LIMIT 3;
SQL
