"""Keys for a server under test, made by `gangway key` as an operator makes them.

    with Gangway() as server:
        web = add(server, "client", "web")          the key's text; the server knows it on return
        server.get("/v1/assign/one?unit=u", bearer(web))
"""

import base64
import subprocess

from gangway import GANGWAY

ROLES = ("client", "server", "analyst", "admin")


def run(server, *arguments, keys=None):
    """`gangway key ...` on the store of that server, or on a file."""
    place = ["--keys", keys] if keys else ["--store", server.store]
    return subprocess.run([GANGWAY, "key", *arguments, *place], capture_output=True, text=True,
                          check=False)


def change(server, *arguments):
    """A change that a running server has taken when this returns; what the command printed."""
    taken = server.log().count("keys outcome=taken")
    result = run(server, *arguments)
    assert result.returncode == 0, result.stderr
    if server.process and server.process.poll() is None:
        server.wait_for("the keys", lambda: server.log().count("keys outcome=taken") > taken)
    return result.stdout.strip()


def add(server, role, name, *more):
    return change(server, "add", "--role", role, "--name", name, *more)


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def basic(user, password):
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}
