"""Servers for tests, on loopback."""

from __future__ import annotations

import contextlib
import getpass
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


def free_port() -> int:
    """A port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a running PostgreSQL server, without the name of a database; its user ragkit has the password "sesame"."""
    pytest.importorskip("pg8000", reason="the extra ragkit[postgres] is not installed")
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not binaries:
        pytest.skip("PostgreSQL's server is not installed (Debian: apt-get install postgresql)")
    user = getpass.getuser()
    if user == "root":  # the server refuses to run as root
        if not any(entry.pw_name == "postgres" for entry in pwd.getpwall()):
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
        user = "postgres"
    folder = Path(tempfile.mkdtemp(prefix="ragkit-pg-"))
    (folder / "password").write_text("sesame")
    shutil.chown(folder / "password", user)
    shutil.chown(folder, user)
    other = user if user != getpass.getuser() else None

    def run(program: str, *arguments: str | Path) -> None:
        command = [binaries[-1].with_name(program), "-D", folder / "data", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, user=other)

    port = free_port()
    login = ("-U", "ragkit", "--auth=scram-sha-256", f"--pwfile={folder / 'password'}")
    run("initdb", *login, "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "-w", "-l", folder / "log", "-o", options, "start")
    try:
        yield f"postgresql://ragkit:${{RAGKIT_TEST_PASSWORD}}@127.0.0.1:{port}"
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder)


@contextmanager
def git_server(folder: Path, login: str | None = None) -> Iterator[str]:
    """The address of a server of the repositories in ``folder``: git's own, behind HTTP; ``login`` is "user:password"."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if login and self.headers.get("Authorization") != f"Basic {b64encode(login.encode()).decode()}":
                self.send_error(401)
                return
            path, _, query = self.path.partition("?")
            environment = {
                "GIT_PROJECT_ROOT": str(folder), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path, "QUERY_STRING": query,
                "PATH": os.environ["PATH"], "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""), "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*", "HOME": str(folder),
            }  # fmt: skip
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("Transfer-Encoding") == "chunked":
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            command = [shutil.which("git") or "git", "http-backend"]
            done = subprocess.run(command, input=body, env=environment, capture_output=True, check=False)
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Dovecot:
    """A running IMAP server: its ports, the folder of ann's mail (a Maildir), its certificate."""

    plain: int
    tls: int
    mail: Path
    certificate: Path

    def deliver(self, name: str, message: bytes) -> None:
        """Puts a message into ann's INBOX."""
        path = self.mail / "new" / name
        path.write_bytes(message)
        shutil.chown(path, self.mail.owner(), self.mail.group())


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """Dovecot with the user ann, whose password is "s3same/@"."""
    program, openssl = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin"), shutil.which("openssl")
    if program is None or openssl is None:
        pytest.skip("dovecot or openssl is not installed (Debian: apt-get install dovecot-imapd openssl)")
    me, root = getpass.getuser(), os.getuid() == 0
    known = {entry.pw_name for entry in pwd.getpwall()}
    if root and not {"dovecot", "dovenull", "nobody"} <= known:
        pytest.skip("dovecot's users dovecot and dovenull are not there")
    owner, inner, login = ("nobody", "dovecot", "dovenull") if root else (me, me, me)
    folder = Path(tempfile.mkdtemp(prefix="ragkit-imap-"))
    folder.chmod(0o755)
    entry = pwd.getpwnam(owner)
    for part in ("", "cur", "new", "tmp"):
        (folder / "mail" / part).mkdir(parents=True, exist_ok=True)
        shutil.chown(folder / "mail" / part, entry.pw_uid, entry.pw_gid)
    shutil.chown(folder, entry.pw_uid, entry.pw_gid)
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext"]
    command += ["subjectAltName=DNS:localhost", "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True)
    plain, tls = free_port(), free_port()
    (folder / "dovecot.conf").write_text(f"""
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{folder}/mail
first_valid_uid = 1
default_internal_user = {inner}
default_internal_group = {grp.getgrgid(pwd.getpwnam(inner).pw_gid).gr_name}
default_login_user = {login}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password=s3same/@
}}
userdb {{
  driver = static
  args = uid={entry.pw_uid} gid={entry.pw_gid} home={folder}
}}
""")
    server = subprocess.Popen([program, "-F", "-c", folder / "dovecot.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(plain, server, folder / "log")
        yield Dovecot(plain, tls, folder / "mail", folder / "cert.pem")
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(folder)


def _wait(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if server.poll() is not None:
            break
        time.sleep(0.05)
    pytest.fail(f"the server did not start: {log.read_text()[-2000:] if log.exists() else 'no log'}")
