"""Run a command of an image as a container runtime does: `contained.py SPEC DATA [ARGUMENT ...]`.

SPEC is a JSON file: `root`, the image's files, and `config`, what the image says of itself. DATA is
the folder behind its volume. Root is needed; the command runs as the image's user, on files that
are read-only, without a shell, in the network of this machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

INSIDE = "--inside"


def main(spec: str, data: str, *arguments: str) -> None:
    """Become the command."""
    image = json.loads(Path(spec).read_text("utf-8"))
    root, config = image["root"], image["config"]
    (volume,) = config["Volumes"]
    for options in (
        ("--bind", root, root),
        ("-o", "remount,bind,ro", root),
        ("--bind", "/dev", f"{root}/dev"),
        ("--bind", "/proc", f"{root}/proc"),
        ("--bind", data, f"{root}{volume}"),
    ):
        subprocess.run(["mount", *options], check=True)
    os.chroot(root)
    os.chdir(config["WorkingDir"])
    user, group = map(int, config["User"].split(":"))
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
    given = {name: value for name, value in os.environ.items() if name not in {"PATH", "HOME"}}
    environ = dict(pair.split("=", 1) for pair in config["Env"]) | given
    command = [*config["Entrypoint"], *(arguments or config["Cmd"])]
    os.execvpe(command[0], command, environ)


if __name__ == "__main__":
    if sys.argv[1] == INSIDE:
        main(*sys.argv[2:])
    else:  # mounts are for this process alone
        again = [sys.executable, __file__, INSIDE, *sys.argv[1:]]
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", *again])
