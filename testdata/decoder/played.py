"""Reads what whole systems sent and says what in it SPEC.md does not explain.

    python3 played.py FILE…       dumps of worlds, as `tickwire soak --dump` writes them

Every datagram is opened with keys that follow from tokens and tickets alone, every byte of it is
accounted for, and what sections 5 to 7 say about packets in a row is checked over both directions.
Python 3 without further packages; with `cryptography` it is faster. Prints what is wrong, then one
line of JSON: what was seen, how often. Exits with 1 if anything is wrong.
"""

import json
import sys
from collections import Counter

from session import Session

SHOWN = 3  # of each rule in each world


class World:
    """One world of a dump, and what is wrong in it."""

    def __init__(self):
        self.broken, self.first = Counter(), {}
        self.session = Session(self.bad)

    def bad(self, rule, detail):
        self.broken[rule] += 1
        if self.broken[rule] <= SHOWN:
            self.first.setdefault(rule, []).append(detail)

    def frames(self):
        out = Counter()
        for c in self.session.conns:
            for side in c.sides:
                out.update(side.seen)
        return out


def worlds(path):
    world = None
    with open(path) as f:
        for text in f:
            d = json.loads(text)
            if d["k"] == "world":
                if world:
                    yield world
                world = World()
            world.session.line(d)
    yield world


def main():
    packets, frames, broken, n = Counter(), Counter(), Counter(), 0
    for path in sys.argv[1:]:
        for world in worlds(path):
            packets.update(world.session.count)
            frames.update(world.frames())
            broken.update(world.broken)
            for rule, details in world.first.items():
                print(f"world {n}: {rule} ({world.broken[rule]} times)")
                for d in details:
                    print("   ", d[:300])
            n += 1
    print(json.dumps({"worlds": n, "packets": packets, "frames": frames, "broken": broken}, sort_keys=True))
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
