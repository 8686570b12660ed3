"""gearmand, in memory as shipped; the client in C by its own library (gearmand.c)."""
import os
import subprocess

import kit
from rivals.beanstalkd import Beanstalkd


class Gearmand(Beanstalkd):
    title = "gearmand"
    programs = ("gearmand",)
    client = os.path.join(kit.BUILD, "gearmand")
    files = (client,)

    def version(self):
        return subprocess.run([kit.find("gearmand"), "--version"], capture_output=True, text=True).stdout.split()[1]

    def server(self, port):
        return ["gearmand", "-L", "127.0.0.1", "-p", str(port), "--log-file=none"]

    def echo(self, n):
        return self.ask("echo", n, 1000)
