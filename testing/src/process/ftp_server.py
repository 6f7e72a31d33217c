"""A server of FTP and FTPS for tests, on pyftpdlib: a real one, that can be told to do what others do by accident or by malice.

The one argument is JSON:
  root       folder that is served, read only, to the user `weather` with the password `secret`, and to anonymous users
  port       where it listens on 127.0.0.1; 0 for a free port
  pem        file with certificate and key: with it, TLS is demanded on control and data connections
  log        file of the commands that came, one a line
  facts      false: no MLSD and MLST
  listed     more lines of a listing (MLSD), as they are sent
  elsewhere  an address that PASV names; there is no EPSV then
  injected   a line that is sent in one piece with the agreement to TLS
  dies_after bytes of data after which the process kills itself
  meanwhile  what happens to a file after it was opened: `grows`, `shrinks`, `goes` or `endless`
  times      how often
  grows      a file that has one more row each time that the directory is listed
  pause_ms   how long it waits before each command, and before each piece of data
  repeats    true: the refusal of a password repeats it
  locked     a file that is listed and not given

It prints its port once it listens, and ends when its standard input does.
"""

import json
import os
import signal
import sys
import threading
import time

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.filesystems import AbstractedFS
from pyftpdlib.handlers import DTPHandler, FTPHandler
from pyftpdlib.servers import FTPServer

options = json.loads(sys.argv[1])
left = {"times": options.get("times", 0), "bytes": options.get("dies_after")}


def pause():
    time.sleep(options.get("pause_ms", 0) / 1000)


class Endless:
    """A file that has no end."""

    def __init__(self, file):
        self.file = file

    def read(self, size=-1):
        return self.file.read(size) or b"x" * 65536

    def __getattr__(self, name):
        return getattr(self.file, name)


class Files(AbstractedFS):
    def open(self, filename, mode):
        file = super().open(filename, mode)
        return Endless(file) if options.get("meanwhile") == "endless" else file

    def format_mlsx(self, basedir, listing, perms, facts, ignore_err=True):
        yield from super().format_mlsx(basedir, listing, perms, facts, ignore_err)
        if ignore_err:
            for line in options.get("listed", []):
                yield line.encode("utf8") + b"\r\n"


class Handling:
    def pre_process_command(self, line, cmd, arg):
        if options.get("log") and cmd != "PASS":
            with open(options["log"], "a") as log:
                log.write(line + "\n")
        pause()
        super().pre_process_command(line, cmd, arg)

    def ftp_MLSD(self, path):
        if options.get("grows"):
            file = os.path.join(options["root"], options["grows"])
            status = os.stat(file)
            with open(file, "a") as more:
                more.write("2024-01-01,sun\n")
            os.utime(file, (status.st_atime, status.st_mtime + 10))
        return super().ftp_MLSD(path)

    def ftp_PASS(self, line):
        if options.get("repeats"):
            return self.respond("530-" + line + " is wrong.\r\n530 Not " + line)
        return super().ftp_PASS(line)

    def ftp_RETR(self, file):
        if options.get("locked") == os.path.basename(file):
            return self.respond("553 It is locked.")
        opened = super().ftp_RETR(file)
        if left["times"] > 0:
            left["times"] -= 1
            status = os.stat(file)
            if options["meanwhile"] == "grows":
                with open(file, "a") as more:
                    more.write("9,later\n")
                os.utime(file, (status.st_atime, status.st_mtime + 10))
            elif options["meanwhile"] == "shrinks":
                os.truncate(file, status.st_size // 2)
            elif options["meanwhile"] == "goes":
                os.unlink(file)
        return opened


class Dying:
    def send(self, data):
        pause()
        sent = super().send(data)
        if left["bytes"] is not None:
            left["bytes"] -= sent
            if left["bytes"] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return sent


if options.get("pem"):
    from pyftpdlib.handlers import TLS_DTPHandler, TLS_FTPHandler

    class Data(Dying, TLS_DTPHandler):
        pass

    class Handler(Handling, TLS_FTPHandler):
        certfile = options["pem"]
        tls_control_required = True
        tls_data_required = True

        def ftp_AUTH(self, line):
            if "injected" not in options:
                return super().ftp_AUTH(line)
            self.push("234 AUTH TLS successful.\r\n" + options["injected"] + "\r\n")
            self.secure_connection(self.ssl_context)

else:

    class Data(Dying, DTPHandler):
        pass

    class Handler(Handling, FTPHandler):
        pass


authorizer = DummyAuthorizer()
authorizer.add_user("weather", "secret", options["root"], perm="elr")
authorizer.add_anonymous(options["root"], perm="elr")
Handler.authorizer = authorizer
Handler.abstracted_fs = Files
Handler.dtp_handler = Data
Handler.use_sendfile = False
Handler.auth_failed_timeout = 0
Handler.proto_cmds = dict(Handler.proto_cmds)
if not options.get("facts", True):
    del Handler.proto_cmds["MLSD"], Handler.proto_cmds["MLST"]
if options.get("elsewhere"):
    del Handler.proto_cmds["EPSV"]
    Handler.masquerade_address = options["elsewhere"]

server = FTPServer(("127.0.0.1", options["port"]), Handler)


def end_with_input():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
print(server.address[1], flush=True)
server.serve_forever(handle_exit=False)
