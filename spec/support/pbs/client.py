"""A command of the emulated PBS: passes its arguments to the server's socket and says what the server answers."""

import json
import os
import signal
import socket
import sys

signal.signal(signal.SIGPIPE, signal.SIG_DFL)
path, program = sys.argv[1:3]
arguments = sys.argv[3:]
reads_stdin = program == "qsub" and not any(os.path.exists(argument) for argument in arguments)
request = {
    "program": program,
    "argv": arguments,
    "cwd": os.getcwd(),
    "env": dict(os.environ),
    "stdin": sys.stdin.read() if reads_stdin and not sys.stdin.isatty() else "",
}
connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
try:
    connection.connect(path)
except OSError as error:
    sys.exit(f"{program}: the emulated server at {path} is gone: {error}")
connection.sendall(json.dumps(request).encode() + b"\n")
answer = b""
while chunk := connection.recv(65536):
    answer += chunk
reply = json.loads(answer)
sys.stdout.write(reply["stdout"])
sys.stdout.flush()
sys.stderr.write(reply["stderr"])
sys.exit(reply["exitCode"])
