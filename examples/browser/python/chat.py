"""A player in Python, by UDP, with nothing but the package cryptography. The files beside it were written from SPEC.md.

    python3 examples/browser/python/chat.py http://127.0.0.1:7777

Each line you type is sent to the chat, with a spark; ctrl-D leaves.
"""

import os
import select
import sys
import urllib.error
import urllib.request

from channel import RELIABLE_ORDERED, UNRELIABLE, Channel
from connection import Closed, Connection
from handshake import Refused

CHAT, SPARKS = 1, 2


def main(site="http://127.0.0.1:7777"):
    login = urllib.request.Request(f"{site}/token", method="POST")
    typed = b""
    try:
        token = urllib.request.urlopen(login).read()
        connection = Connection(token, {CHAT: Channel(RELIABLE_ORDERED, "chat"), SPARKS: Channel(UNRELIABLE, "sparks")})
        while True:
            for channel, message in connection.receive(0.02):
                print(message.decode() if channel == CHAT else f"a spark at {message[0]}, {message[1]}", flush=True)
            if select.select([sys.stdin], [], [], 0)[0]:
                read = os.read(0, 4096)
                if not read:
                    connection.close()
                *lines, typed = (typed + read).split(b"\n")
                for line in lines:
                    connection.send(CHAT, line)
                    connection.send(SPARKS, bytes([128, 64]))
    except urllib.error.URLError as why:
        print(f"it is over: {site} lets nobody in: {why.reason}; go run ./examples/browser starts it")
    except (Closed, Refused, OSError) as why:
        print(f"it is over: {why}")


main(*sys.argv[1:])
