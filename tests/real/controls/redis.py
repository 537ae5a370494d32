# SPDX-License-Identifier: Apache-2.0
"""Debian's redis-server: keys that expire, lists that are cut, hashes that are filled and dropped, scripts, and a pause now
and then."""
import random
import socket

LISTENS = True
LOAD = "keys with a time to live, lists that are cut, hashes, sorted sets and scripts, in waves"


def command(_, service):
    return ["redis-server", "--port", str(service.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            "--dir", service.directory]


def packed(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in map(encoded, words))


def encoded(word):
    return word if isinstance(word, bytes) else str(word).encode()


def commands(number, chance):
    key = number % 700
    yield packed("SETEX", f"session:{key}", chance.randrange(2, 20), "x" * chance.randrange(10, 4000))
    yield packed("GET", f"session:{chance.randrange(700)}")
    yield packed("LPUSH", f"log:{key % 9}", "line %d " % number * chance.randrange(1, 20))
    yield packed("LTRIM", f"log:{key % 9}", 0, 400)
    yield packed("HSET", f"cart:{key % 50}", f"item{number % 300}", "y" * chance.randrange(200))
    yield packed("ZADD", "scores", number % 1000, f"player{number % 2000}")
    if number % 40 == 0:
        yield packed("DEL", f"cart:{chance.randrange(50)}")
        yield packed("EVAL", "local t = {} for i = 1, 500 do t[i] = i .. ARGV[1] end return #t", 0, number % 7)


def load(service):
    chance = random.Random(1)
    with socket.create_connection(("127.0.0.1", service.port)) as client:
        client.settimeout(20)
        for number in service.ticks(100):
            if number // 1000 % 3 == 2 and number % 4: # a quieter time
                continue
            sent = list(commands(number, chance)) + [packed("ECHO", "end%d" % number)]
            client.sendall(b"".join(sent))
            answer = b""
            while not answer.endswith(b"end%d\r\n" % number):
                answer = answer[-40:] + client.recv(65536)
