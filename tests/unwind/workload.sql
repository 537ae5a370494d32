-- SPDX-License-Identifier: Apache-2.0
create table t(a integer primary key, b text, c real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 60000)
  insert into t select i, hex(randomblob(8)), i * 1.5 from n;
create index tb on t(b);
select count(*), sum(length(b)) from t where b like 'A%';
select substr(b, 1, 2) k, count(*), group_concat(a) from t group by k order by 2 desc limit 5;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000)
  select count(*) from n join t on t.a = n.i;
select length(json_group_array(b)) from t where a < 5000;
update t set b = upper(b) || a where a % 3 = 0;
delete from t where a % 7 = 0;
