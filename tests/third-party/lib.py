"""What the checks here share: the programs, and how a failure is told."""
import os
import subprocess
import sys

DIR = os.environ["T"]
SOCKET = os.path.join(DIR, "sock")
LOG = os.path.join(DIR, "log")
DATABASE = os.path.join(DIR, "db")
BIN = os.environ["bin"]

# What run.sh has set up.
BANNED = {
    "big": ["10.%d.%d.%d" % (n >> 16, n >> 8 & 255, n & 255)
            for n in range(1, 3001)],
    "sshd": ["192.0.2.1", "2001:db8::1"],
    "web-app": ["198.51.100.7"],
}
FAILED = {"big": 0, "sshd": 1, "web-app": 0}
JAILS = ["big", "sshd", "web-app"]

failures = 0


def check(what, got, wanted):
    global failures
    if got != wanted:
        failures += 1
        print("FAILED: %s: got %.300r, want %.300r" % (what, got, wanted),
              file=sys.stderr)


def leave():
    sys.exit(1 if failures else 0)


def client(*args):
    """Standard output of fail2ban-client, which must be content."""
    done = subprocess.run(
        [os.path.join(BIN, "fail2ban-client"), "-s", SOCKET] + list(args),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check("exit status of %r" % (args,), done.returncode, 0)
    return done.stdout.decode()


def client_fails(*args):
    done = subprocess.run(
        [os.path.join(BIN, "fail2ban-client"), "-s", SOCKET] + list(args),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check("exit status of %r" % (args,), done.returncode, 255)
    return done.stdout.decode()
