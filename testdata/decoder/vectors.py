"""Reads the golden vectors without any code of the library, by frames.py, and checks that bytes and
fields say the same.

    python3 vectors.py DIRECTORY       the one that holds frames.json and numbers.json

Python 3 without further packages. Prints one line and exits with 0 if all
vectors agree, else names each that does not and exits with 1.
"""

import json
import pathlib
import struct
import sys

from frames import DROPPABLE, GROUP, KEYED, Channel, frames, row, spans, sum_of, symbol
from octets import Malformed, Reader, fnv1a, nearest
from packets import control

SAME = {  # fields that the vectors have as the reader has them
    "PADDING": ("zeros",), "PING": (), "CLOSE_ACK": (), "DRAINING": ("state",),
    "WINDOW": ("channel", "limit"), "BLOCKED": ("channel", "limit"), "STORED": ("channel", "ids"),
    "PATH_STATUS": ("path", "state", "weight"), "REBUILT": ("channel", "mask"),
    "SKIP": ("channel", "lengths"), "REPAIR": ("channel", "row", "mask"), "ACK": ("wide", "clock", "path"),
    "RUN": ("channel", "wide", "back", "index"), "HELLO": (), "HOLD": (), "CLOSE": ("code",),
    "FRAGMENT": ("channel", "id", "wide", "offset", "total", "stored", "back", "index"),
    "PATH_CHALLENGE": (), "PATH_RESPONSE": (),
}


def fields(f):
    """The fields of a frame as vectors have them."""
    name = f["f"]
    out = {k: f[k] for k in SAME[name] if f[k] is not None}
    more = OTHERS.get(name)
    return {"frame": name, "fields": {**out, **more(f)} if more else out}


def hello_fields(f):
    h = f["body"]
    out = {"min_version": h["min"], "max_version": h["max"]}
    if "digest" not in h:
        return out
    out |= {k: str(h[k]) for k in ("digest", "instance", "capabilities", "clock")}
    out |= {"largest_datagram": h["datagram"], "ack_hold_ms": h["hold"], "silence_s": h["silence"]}
    out |= {"default_window": h["window"], "windows": [{"channel": c, "bytes": n} for c, n in h["windows"]]}
    for kind, *said in h["items"]:
        if kind == "connection" and any(said):
            out["limits"] = dict(zip(("packets", "bytes", "messages"), said))
        if kind == "channels":
            rows = [{"channel": c, "bytes": said[0], "messages": said[1]} for c in said[2]]
            out.setdefault("channel_limits", []).extend(rows)
        if kind == "schemas":
            out["schemas"] = [{"version": v, "digest": d} for v, d in said[0]]
    return out


def run_fields(f):
    out = {"messages": [b.hex() for _, b in f["messages"]]}
    if f["id"] is not None:
        out["first"] = f["id"]
    if f["options"]:
        out["options"] = f["options"]
    if f["options"] & KEYED:
        out["keys"] = [str(key) for key, _ in f["messages"]]
    return out


def fragment_fields(f):
    out = {"bytes": f["bytes"].hex(), "to_end": f["end"]}
    if f["options"]:
        out["options"] = f["options"]
    if f["options"] & KEYED:
        out["key"] = str(f["key"])
    return out


def ack_fields(f):
    top = f["largest"]
    ranges = [[top - high, top - low] for low, high in spans(f, top)]
    out = {"largest": top, "hold_us": f["hold"] // 1000, "ranges": ranges}
    return out | ({"ecn": dict(zip(("ect", "ce"), f["ecn"]))} if f["ecn"] else {})


def close_fields(f):
    out = {"text": f["text"].decode("utf-8", "replace"), "rows": []}
    for c in f["rows"]:
        if not isinstance(c, tuple):
            out["rows"].append(row_fields(c))
        elif c[0] == "version":
            out.setdefault("versions", []).append({"version": c[1], "digest": c[2]})
        else:
            out.setdefault("forms", []).append({"channel": c[1], "part": c[2], "hashes": c[3]})
    return out


def row_fields(c):
    return {"channel": c.channel, "delivery": c.delivery, "largest_message": c.largest, "name_hash": c.name}


def token(f):
    return {"token": str(struct.unpack("<Q", f["bytes"])[0])}


OTHERS = {
    "HELLO": hello_fields, "RUN": run_fields, "FRAGMENT": fragment_fields, "ACK": ack_fields,
    "PATH_CHALLENGE": token, "PATH_RESPONSE": token,
    "PATH_STATUS": lambda f: {"serial": str(f["serial"])},
    "HOLD": lambda f: {"serial": str(f["serial"]), "milliseconds": f["ms"]},
    "SKIP": lambda f: {"first": f["id"]},
    "REBUILT": lambda f: {"newest": f["id"]},
    "REPAIR": lambda f: {"newest": f["id"], "to_end": f["end"], "bytes": f["bytes"].hex()},
    "CLOSE": close_fields,
}


def packet(b):
    return [fields(f) for f in frames(b, None, True)]


def control_fields(b):
    """A message of channel 0 as vectors have it."""
    m = control(b)
    kind = {"ticket": 1, "tokens": 2, "addresses": 3}.get(m["m"], m["m"])
    if kind == 1:
        said = {"expires": str(m["expires"]), "lifetime": m["lifetime"], "opaque": m["whole"][12:].hex()}
    elif kind == 2:
        said = {"tokens": [t[:8].hex() for t in m["tokens"]]}
    elif kind == 3:
        said = {"addresses": [{"ip": ip.hex(), "port": port} for ip, port in m["addresses"]]}
    else:
        said = {"body": m["body"].hex()}
    return {"kind": str(kind), "fields": said}


def sum_fields(vec):
    """The bytes of a REPAIR, from the messages in it."""
    ids = [vec["newest"] - bit for bit in range(32) if vec["mask"] >> bit & 1]
    known = {}
    for n, m in zip(ids, vec["messages"], strict=True):
        key, back = int(m.get("key", 0)), m.get("back")
        known[n] = symbol(bytes.fromhex(m["bytes"]), m.get("options", 0), key, back)
    return sum_of(vec["row"], known).hex()


def check(problems, name, is_, should):
    if is_ != should:
        problems.append(f"{name}: bytes say\n  {is_}\nthe vector says\n  {should}")


def decoded(vec):
    try:
        return packet(bytes.fromhex(vec["bytes"]))
    except Malformed as why:
        return f"malformed: {why}"


def check_frames(doc, problems):
    for vec in doc["frames"]:
        check(problems, vec["name"], decoded(vec), [{"frame": vec["frame"], "fields": vec["fields"]}])
    for vec in doc["packets"]:
        check(problems, vec["name"], decoded(vec), vec["frames"])
    for vec in doc["malformed"]:
        try:
            got = packet(bytes.fromhex(vec["bytes"]))
        except Malformed:
            continue
        problems.append(f"{vec['name']}: is accepted as\n  {got}\nbut: {vec['reason']}")
    return len(doc["frames"]), len(doc["packets"]), len(doc["malformed"])


def check_sums(doc, problems):
    for vec in doc["sums"]:
        check(problems, vec["name"], sum_fields(vec), vec["bytes"])
    return len(doc["sums"])


def check_control(doc, problems):
    for vec in doc["control"]:
        check(problems, vec["name"], control_fields(bytes.fromhex(vec["bytes"])), {"kind": vec["kind"], "fields": vec["fields"]})
    for vec in doc["malformed_control"]:
        try:
            got = control_fields(bytes.fromhex(vec["bytes"]))
        except Malformed:
            continue
        problems.append(f"{vec['name']}: is accepted as\n  {got}\nbut: {vec['reason']}")
    return len(doc["control"]) + len(doc["malformed_control"])


def check_numbers(doc, problems):
    for vec in doc["uvarints"]:
        r = Reader(bytes.fromhex(vec["bytes"]))
        check(problems, "uvarint", (str(r.v()), r.left()), (vec["value"], 0))
    for vec in doc["refused_uvarints"]:
        try:
            got = Reader(bytes.fromhex(vec["bytes"])).v()
        except Malformed:
            continue
        problems.append(f"uvarint {vec['name']}: is accepted as {got}, but: {vec['reason']}")
    for vec in doc["lengths"]:
        number, largest_acked = int(vec["next"]), int(vec["acked_end"]) - 1
        size = min(n for n in (2, 3, 4) if number - largest_acked < 1 << (8 * n - 2))
        check(problems, "length of " + vec["next"], vec["bytes"], (number % 256**size).to_bytes(size, "little").hex())
    for vec in doc["rebuilds"]:
        got = nearest(int(vec["expected"]), int(vec["low"]), vec["bits"])
        check(problems, f"rebuild near {vec['expected']}", str(got), vec["number"])
    for vec in doc["digests"]:
        data = bytes.fromhex(vec["bytes"])
        r, rows = Reader(data), []
        while r.left():
            rows.append(row_fields(row(r)))
        check(problems, vec["name"], rows, vec["rows"])
        check(problems, vec["name"], str(fnv1a(data)), vec["digest"])
        check(problems, vec["name"], [x["name_hash"] for x in rows], [fnv1a(n.encode()) % 2**32 for n in vec["channel_names"]])
    for vec in doc["forms"]:
        r, got = Reader(bytes.fromhex(vec["bytes"])), []
        while r.left():
            got.append({"channel": r.u16("channel"), "text": r.take(r.u32("length")).decode()})
        check(problems, vec["name"], got, vec["forms"])
        check(problems, vec["name"], fnv1a(bytes.fromhex(vec["bytes"])) % 2**32, vec["digest"])
        check(problems, vec["name"], b"".join(map(form_rows, got)).hex(), vec["rows"])
    return sum(len(doc[k]) for k in ("uvarints", "refused_uvarints", "lengths", "rebuilds", "digests", "forms"))


def form_rows(form):
    """The form rows of a type (6.4)."""
    hashes = [fnv1a(line.encode()) % 2**16 or 1 for line in form["text"].split("\n")] + [0]
    hashes += [0] * (-len(hashes) % 4)
    rows = [hashes[i : i + 4] for i in range(0, len(hashes), 4)]
    return b"".join(struct.pack("<HBB4H", form["channel"], part, 1, *row) for part, row in enumerate(rows))


def main():
    directory = pathlib.Path(sys.argv[1])
    problems = []
    doc = json.loads((directory / "frames.json").read_text("utf-8"))
    frames, packets, malformed = check_frames(doc, problems)
    sums = check_sums(doc, problems)
    messages = check_control(doc, problems)
    numbers = check_numbers(json.loads((directory / "numbers.json").read_text("utf-8")), problems)
    if problems:
        sys.exit("\n".join(problems))
    print(f"agree: {frames} frames, {packets} packets, {malformed} malformed, {sums} sums, {messages} control, {numbers} numbers")


if __name__ == "__main__":
    main()
