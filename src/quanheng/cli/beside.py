"""A process beside another: started again when it ends, after a pause that grows while it ends at once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

LEAST, MOST = 1.0, 60.0  # seconds of the pause; a process that lived longer than MOST begins again with LEAST


class Beside:
    """Keeps a command running as long as the block lasts."""

    def __init__(self, command: Sequence[str], least: float = LEAST, most: float = MOST) -> None:
        self.command, self.least, self.most = command, least, most
        self.process: subprocess.Popen[bytes] | None = None
        self._over, self._changing = threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Beside:
        self._owner = os.getpid()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if os.getpid() != self._owner:
            return  # a forked process of the site ends: not its worker
        with self._changing:
            self._over.set()
            if self.process:
                self.process.terminate()
        self._thread.join()

    def _keep(self) -> None:
        pause = self.least
        while (process := self._started()) is not None:
            begun = time.monotonic()
            process.wait()
            if self._over.is_set():
                return
            if time.monotonic() - begun > self.most:
                pause = self.least
            print(
                f"{self.command[-1]}：已结束，{pause:g} 秒后重新启动 / has ended; it is started again in {pause:g} s",
                file=sys.stderr,
                flush=True,
            )
            self._over.wait(pause)
            pause = min(2 * pause, self.most)

    def _started(self) -> subprocess.Popen[bytes] | None:
        with self._changing:
            if self._over.is_set():
                return None
            self.process = subprocess.Popen(self.command)
            return self.process
