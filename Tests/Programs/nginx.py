# SPDX-License-Identifier: Apache-2.0
"""nginx with two worker processes, in the foreground, with all that it writes in one folder."""

import os

from harness import Running


def start_nginx(folder, environment, http, *ports, main=""):
    """A server that listens; `http` is what its configuration has between those braces, `main` what it has before."""
    # Workers of a master that is root become someone else, who could not append to root's file of counters.
    user = "" if os.geteuid() else "user root;"
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"{name}_temp_path {folder}/{name};" for name in names)
    (folder / "nginx.conf").write_text(f"""
{user} {main} worker_processes 2; daemon off; pid {folder}/pid; error_log {folder}/error.log notice;
events {{ worker_connections 64; }}
http {{
access_log off;
{temporary}
{http}
}}
""")
    command = ["nginx", "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"]
    return Running(command, environment, folder / "nginx").listens(*ports)


def complaints(folder):
    """What its log has that is worse than a notice."""
    return [line for line in (folder / "error.log").read_text().splitlines() if "[notice]" not in line]
