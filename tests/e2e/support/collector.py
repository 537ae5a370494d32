#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server that takes profiles as Pyroscope, Parca and OpenTelemetry's collectors do, as strictly as they.

	collector.py DIRECTORY [CERTIFICATE KEY]

Prints its port. Everything that it takes becomes a line of JSON in DIRECTORY/taken, everything that it refuses by its own
rules one in DIRECTORY/refused. DIRECTORY/mode, if it is there, says how it answers instead: "STATUS COUNT [RETRY_AFTER]" so
many times (of 3XX the last word is where to go), "cut COUNT" with a text that is shorter than it says, "flood COUNT" with one that has no
end, "silent" without an answer, "after COUNT" and one of these: only then.
It takes what @pyroscope/nodejs sends, too.
"""
import base64, gzip, http.server, json, os, re, ssl, sys, threading, time, urllib.parse

HOUR = 3600
LIMITS = {"samples": 16000, "bytes": 4 << 20, "labels": 30}
FOLDER = sys.argv[1]
lock = threading.Lock()


class Refused(Exception):
    def __init__(self, why, status=400):
        super().__init__(why)
        self.status = status


def fields(data):
    """The fields of a message: number, and a whole number or bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        elif key & 7 == 2:
            length = varint()
            if at + length > len(data):
                raise Refused("a field goes beyond its message")
            yield key >> 3, data[at : at + length]
            at += length
        else:
            raise Refused("wire type %d" % (key & 7))


def packed(value):
    if isinstance(value, int):
        return [value]
    numbers, number, shift = [], 0, 0
    for byte in value:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(number if number < 1 << 63 else number - (1 << 64))
            number = shift = 0
    return numbers


def pprof(raw):
    """What a profile says, once it is seen to be whole: profile.proto."""
    plain = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    if len(plain) > LIMITS["bytes"]:
        raise Refused("a profile of %d bytes" % len(plain), 413)
    types, samples, strings, seen = [], [], [], {3: [], 4: [], 5: []}
    locations, functions, numbers = {}, {}, {}
    for number, value in fields(plain):
        if number in (1, 11):
            pair = dict(fields(value))
            (types if number == 1 else numbers.setdefault("period", [])).append((pair.get(1, 0), pair.get(2, 0)))
        elif number == 2:
            sample = {1: [], 2: [], 3: []}
            for field, content in fields(value):
                sample[field] += [content] if field == 3 else packed(content)
            samples.append(sample)
        elif number in seen:
            inner = list(fields(value))
            seen[number].append(dict(inner).get(1, 0))
            if number == 4:
                lines = [dict(fields(content)) for field, content in inner if field == 4]
                locations[dict(inner).get(1, 0)] = [line.get(1, 0) for line in lines]
            elif number == 5:
                functions[dict(inner).get(1, 0)] = dict(inner).get(2, 0)
        elif number == 6:
            strings.append(value.decode())
        else:
            numbers[number] = value
    if not strings or strings[0] != "":
        raise Refused("the first string is not empty")
    for number, ids in seen.items():
        if ids != list(range(1, len(ids) + 1)):
            raise Refused("ids of field %d are not 1, 2, 3..." % number)
    if len(samples) > LIMITS["samples"]:
        raise Refused("%d samples" % len(samples), 422)
    sums = dict.fromkeys((strings[kind] for kind, _ in types), 0)
    names = {}
    for sample in samples:
        if len(sample[2]) != len(types) or any(value < 0 for value in sample[2]):
            raise Refused("a sample's values %s" % sample[2])
        if any(location not in locations for location in sample[1]):
            raise Refused("a sample's location is not there")
        for (kind, _), value in zip(types, sample[2]):
            sums[strings[kind]] += value
        for name in {strings[functions[line]] for location in sample[1] for line in locations[location]}:
            names[name] = names.get(name, 0) + sample[2][-1]
    return {"sums": sums, "samples": len(samples), "time": numbers.get(9, 0) / 1e9, "seconds": numbers.get(10, 0) / 1e9,
            "period": [[strings[kind], strings[unit]] for kind, unit in numbers.get("period", [])],
            "labels_of_samples": sum(len(sample[3]) for sample in samples), "functions": names,
            "said": sorted({"%s=%s" % (strings[label[1]], strings[label[2]]) for sample in samples
                            for label in map(dict, map(fields, sample[3])) if label.get(2)})}


def check_labels(labels, most=None):
    names = [name for name, _ in labels]
    if len(set(names)) != len(names):
        raise Refused("a label comes twice: %s" % names)
    if "__name__" not in names:
        raise Refused("there is no __name__")
    if most and len(labels) > most:
        raise Refused("%d labels" % len(labels))
    for name, value in labels:
        if not re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", name) or not value:
            raise Refused("label %s=%s" % (name, value))


def check_age(seconds):
    if not time.time() - HOUR <= seconds <= time.time() + HOUR / 6:
        raise Refused("its time is %.0f s ago" % (time.time() - seconds), 422)


def take_push(headers, query, body):
    if headers["Content-Type"] not in ("application/proto", "application/x-protobuf"):
        raise Refused("content type", 415)
    taken = []
    for number, series in fields(body):
        if number != 1:
            raise Refused("field %d of the request" % number)
        labels, raws = [], []
        for field, value in fields(series):
            pair = dict(fields(value))
            if field == 1:
                labels.append((pair[1].decode(), pair[2].decode()))
            else:
                raws.append((pair[1], pair.get(2, b"").decode()))
        check_labels(labels, LIMITS["labels"])
        if "service_name" not in dict(labels):
            raise Refused("no service_name")
        for raw, identity in raws:
            if not re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", identity):
                raise Refused("ID %s" % identity)
            profile = pprof(raw)
            check_age(profile["time"])
            taken.append(dict(profile, by="push", id=identity, labels=dict(labels)))
    return taken


def take_ingest(headers, query, body):
    name = re.fullmatch(r"([^{}]+)(?:\{(.*)\})?", query.get("name", [""])[0])
    if not name:
        raise Refused("name")
    raw = body
    kind = headers.get("Content-Type", "")
    if query.get("format") != ["pprof"]:
        boundary = re.search("boundary=(.*)", kind)
        if not boundary:
            raise Refused("neither format=pprof nor a form")
        parts = body.split(b"--" + boundary.group(1).strip('"').encode())
        raw = next(part.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n", 1)[0] for part in parts if b'name="profile"' in part)
    labels = [("__name__", "memory"), ("service_name", name.group(1))]
    labels += [tuple(pair.split("=", 1)) for pair in (name.group(2) or "").split(",") if pair]
    profile = pprof(raw)
    times = [int(query[key][0]) / 10 ** (len(query[key][0]) - 10) for key in ("from", "until") if key in query]
    if times and times[0] > times[-1]:
        raise Refused("from is behind until")
    check_age(profile["time"] or times[-1])
    return [dict(profile, by="ingest", times=times, labels=dict(labels), id="")]


def take_parca(headers, query, body):
    request = json.loads(body)
    if set(request) - {"series", "normalized", "tenant"}:
        raise Refused("keys %s" % sorted(request))
    taken = []
    for series in request["series"]:
        labels = [(label["name"], label["value"]) for label in series["labels"]["labels"]]
        check_labels(labels)
        for sample in series["samples"]:
            profile = pprof(base64.b64decode(sample["rawProfile"], validate=True))
            taken.append(dict(profile, by="parca", labels=dict(labels), id="", normalized=request.get("normalized")))
    return taken


def otlp_tables(dictionary):
    """By the number of the table, its entries as their fields; texts as texts."""
    tables = {number: [] for number in range(1, 8)}
    for number, value in fields(dictionary):
        tables[number].append(value.decode() if number == 5 else list(fields(value)))
    for number, entries in tables.items():
        if not entries or entries[0] not in ([], ""):
            raise Refused("table %d does not begin with the zero value" % number)
    return tables


def take_otlp(headers, query, body):
    """profiles/v1development: the first entry of every table is the zero value, a profile has one type, stacks are leaf first."""
    if headers["Content-Type"] != "application/x-protobuf":
        raise Refused("content type", 415)
    request = list(fields(body))
    tables = otlp_tables(next(value for number, value in request if number == 2))
    texts = tables[5]
    name_of = lambda location: [texts[dict(tables[3][dict(fields(line)).get(1, 0)]).get(1, 0)]
                                for number, line in tables[2][location] if number == 3]
    taken = []
    for resources in (value for number, value in request if number == 1):
        labels, scopes = {}, []
        for number, value in fields(resources):
            if number == 2:
                scopes.append(list(fields(value)))
                continue
            for _, attribute in fields(value):
                pair = dict(fields(attribute))
                labels[pair[1].decode()] = dict(fields(pair[2]))[1].decode()
        if "service.name" not in labels:
            raise Refused("no service.name")
        for scope in scopes:
            name = dict(fields(dict(scope)[1]))[1].decode()
            for profile in (list(fields64(value)) for number, value in scope if number == 2):
                one = dict(profile)
                kind = texts[dict(fields(one[1]))[1]]
                period = [texts[dict(fields(one[5])).get(field, 0)] for field in (1, 2)]
                total, functions, samples, said = 0, {}, 0, set()
                for number, value in profile:
                    if number != 2:
                        continue
                    sample = dict(fields(value))
                    values, stack = packed(sample[4]), dict(tables[7][sample[1]])
                    if len(values) != 1 or values[0] <= 0 or sample[1] == 0:
                        raise Refused("a sample %s" % sample)
                    total, samples = total + values[0], samples + 1
                    for attribute in map(dict, (tables[6][index] for index in packed(sample.get(2, b"")))):
                        said.add("%s=%s" % (texts[attribute[1]], dict(fields(attribute[2]))[1].decode()))
                    for function in {each for location in packed(stack[1]) for each in name_of(location)}:
                        functions[function] = functions.get(function, 0) + values[0]
                if len(one.get(7, b"")) != 16 or one.get(6, 0) == 0:
                    raise Refused("no profile_id or no period")
                check_age(one[3] / 1e9)
                taken.append({"by": "otlp", "scope": name, "period": [period], "sums": {kind: total}, "samples": samples,
                              "functions": functions, "seconds": one.get(4, 0) / 1e9, "time": one[3] / 1e9,
                              "labels": labels, "id": one[7].hex(), "said": sorted(said),
                              "files": sum(1 for entry in tables[1] if dict(entry).get(5)), "type": texts[1]})
    return taken


def fields64(data):
    """As fields(), of a profile, whose time alone has 64 bits that are fixed."""
    at = data.index(b"\x19", 0)
    while True:  # the key of field 3, where the fields before it end
        try:
            before = list(fields(data[:at]))
            break
        except (IndexError, Refused):
            at = data.index(b"\x19", at + 1)
    yield from before
    yield 3, int.from_bytes(data[at + 1 : at + 9], "little")
    yield from fields(data[at + 9 :])


TAKERS = {"/v1development/profiles": take_otlp, "/push.v1.PusherService/Push": take_push, "/ingest": take_ingest, "/api/profiles/writeraw": take_parca}


def note(name, entry):
    with lock, open(os.path.join(FOLDER, name), "a") as file:
        file.write(json.dumps(entry) + "\n")


def keep(body):
    """Where there is a DIRECTORY/bodies, each request's is a file in it: 1, 2, 3..."""
    bodies = os.path.join(FOLDER, "bodies")
    if os.path.isdir(bodies):
        with lock, open(os.path.join(bodies, str(len(os.listdir(bodies)) + 1)), "xb") as file:
            file.write(body)


def mode():
    """How to answer instead, if anybody has said so."""
    path = os.path.join(FOLDER, "mode")
    with lock:
        try:
            words = open(path).read().split()
        except FileNotFoundError:
            return None
        if words and words[0] == "after":
            left = int(words[1]) - 1
            open(path, "w").write(" ".join(words[2:] if left <= 0 else ["after", str(left)] + words[2:]))
            return None
        if words and words[0] != "silent":
            left = int(words[1]) - 1
            if left > 0:
                open(path, "w").write(" ".join([words[0], str(left)] + words[2:]))
            else:
                os.unlink(path)
        return words or None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *ignored):
        pass

    def answer(self, status, text="", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_POST(self):
        url = urllib.parse.urlsplit(self.path)
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        note("requests", {"path": self.path, "authorization": self.headers.get("Authorization"),
                          "tenant": self.headers.get("X-Scope-OrgID"), "agent": self.headers.get("User-Agent"),
                          "when": time.time(), "bytes": len(body)})
        keep(body)
        words = mode()
        if words and words[0] == "silent":
            self.close_connection = True
            return
        way = words[0] if words and words[0] in ("cut", "flood") else None
        if words and not way:
            self.answer(int(words[0]), '{"code":"told","message":"so"}',
                        [("Location" if words[0][0] == "3" else "Retry-After", words[2])] if len(words) > 2 else [])
            return
        if url.path not in TAKERS:
            self.answer(404, "no such path")
            return
        try:
            taken = TAKERS[url.path](self.headers, urllib.parse.parse_qs(url.query), body)
        except Refused as fault:
            note("refused", str(fault))
            self.answer(fault.status, json.dumps({"code": "invalid_argument", "message": str(fault)}))
            return
        for entry in taken:
            note("taken", entry)
        if way:
            self.send_response(200)
            if way == "cut":
                self.send_header("Content-Length", "1000")
            self.end_headers()
            self.close_connection = True
            try:
                while way == "flood":
                    self.wfile.write(b"." * 65536)
            except OSError:
                pass
            return
        self.answer(200)


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "0"))), Handler)
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_port, flush=True)
    server.serve_forever()
