# SPDX-License-Identifier: Apache-2.0
"""Debian's PostgreSQL: pgbench's transactions on connections that stay and that do not, sorts, joins, and a long session."""
import os
import shutil
import subprocess

LISTENS = True
LOAD = "pgbench's transactions, sorts, joins, functions, connections that come and go, and one session that stays"
PROGRAMS = "/usr/lib/postgresql/15/bin"
USER = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
QUERIES = ["select count(*) from pgbench_accounts a join pgbench_branches b using (bid) where a.aid % {0} = 0",
           "select md5(string_agg(aid::text, ',' order by abalance desc)) from pgbench_accounts where aid < {0} * 50",
           "create temp table t{0} as select generate_series(1, {0} * 20) i; drop table t{0}",
           "do $$ begin for i in 1..{0} loop begin perform 1 / (i % 2); exception when division_by_zero then null; end; end loop; end $$",
           "prepare p{0} as select $1::int + {0}; execute p{0}(1); deallocate p{0}", "select jsonb_agg(g) from generate_series(1, {0} * 10) g"]


def command(_, service):
    os.chmod(service.directory, 0o755)
    os.mkdir(service.at("data"), 0o700)
    shutil.chown(service.at("data"), "nobody", "nogroup")
    subprocess.run([*USER, f"{PROGRAMS}/initdb", "-D", service.at("data"), "-U", "load", "-A", "trust", "--no-sync", "--locale=C.UTF-8"],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, check=True, cwd="/")
    return [*USER, f"{PROGRAMS}/postgres", "-D", service.at("data"), "-p", str(service.port), "-h", "127.0.0.1", "-k", "",
            "-c", "shared_buffers=16MB", "-c", "fsync=off", "-c", "autovacuum_naptime=5s"]


def load(service):
    where = ["-h", "127.0.0.1", "-p", str(service.port), "-U", "load"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    for _ in range(100):
        if subprocess.run([f"{PROGRAMS}/pg_isready", *where], **quiet, check=False).returncode == 0:
            break
        service.pause(0.2)
    subprocess.run([f"{PROGRAMS}/pgbench", "-i", "-q", "-s", "1", *where, "postgres"], timeout=120, check=True, **quiet)
    with subprocess.Popen([f"{PROGRAMS}/psql", "-q", "-X", *where, "postgres"], stdin=subprocess.PIPE, text=True, **quiet) as session:
        for number in service.ticks(10):
            session.stdin.write(QUERIES[number % len(QUERIES)].format(1 + number * 7 % 200) + ";\n")
            session.stdin.flush()
            if number % 50 == 1:
                subprocess.run([f"{PROGRAMS}/pgbench", "-n", "-c", "3", "-t", "30", *(["-C"] if number % 100 == 1 else []), *where, "postgres"],
                               timeout=120, check=False, **quiet)
        session.stdin.close()
        session.wait(60)
