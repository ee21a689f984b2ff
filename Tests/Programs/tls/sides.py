# SPDX-License-Identifier: Apache-2.0
"""The two sides of a connection: who uses the provider, and what its device counted."""

from harness import Counters


class Sides:
    """Server and client, of which those that `users` names use the provider, with every request on the device."""

    def __init__(self, here, users, place, **settings):
        self.here, self.place, self.settings = here, place, settings
        self.users = ["server", "client"] if users == "both" else [users]

    def environment(self, side):
        if side in self.users:
            return self.here.all_to_device(UACCE_STATS=self.place / f"{side}.statistics", **self.settings)
        return self.here.default(**self.settings)

    def check(self, least, *sides):
        """The device of each side that uses the provider (or of these) saw that many bytes, and no errors."""
        __tracebackhide__ = True
        for side in sides or self.users:
            if side in self.users:
                counters = Counters(self.place / f"{side}.statistics")
                told = f"the {side}, of which {least} bytes were expected: {counters.text()}"
                assert counters.total("requests") > 0 and counters.total("bytes") >= least, told
                for cause in ("errors", "full", "device", "absent"):
                    assert counters.total(cause) == 0, told
