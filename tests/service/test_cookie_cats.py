"""A real experiment through the whole program: the published counts in, the published figures out.

Cookie Cats (seeds/cookie-cats): 90 189 players, two gates, back on day 1 and on day 7.  Expected
values are R 4.2.2's from the same counts (prop.test for the pooled z, DescTools' and the score
equation for Miettinen-Nurminen), to 1e-9; Miettinen-Nurminen, which is iterative, to 1e-8.

The whole seed goes through `import`; its first players go over HTTP too, and the same players
imported give the same report.  With GANGWAY_LONG=1 all of them go over HTTP.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import scenario
from gangway import Gangway

SOURCE = os.environ.get("SOURCE_DIR", ".")
SEEDS = os.path.join(SOURCE, "seeds")
EXPERIMENTS = os.path.join(SOURCE, "experiments")
PLAYERS_OVER_HTTP = None if scenario.LONG else 2_000

EXPECTED = {
    "back_day_1": {
        "values": {"gate_30": 0.44818791946308723, "gate_40": 0.44228274967574577},
        "returned": {"gate_30": 20034, "gate_40": 20119},
        "difference": -0.0059051697873414577,
        "interval": (-0.012392180086137836, 0.00058216816997890268),
        "lift": -0.01317565585974659,
        "lift_interval": (-0.027449855941144796, 0.0013080478541465101),
        "p": 0.074411262258869028,
        "p_adjusted": 0.074411262258869028,
    },
    "back_day_7": {
        "values": {"gate_30": 0.19020134228187918, "gate_40": 0.18200004396667327},
        "returned": {"gate_30": 8502, "gate_40": 8279},
        "difference": -0.0082012983152059127,
        "interval": (-0.013282326248425801, -0.003121415802292415),
        "lift": -0.043119034896460164,
        "lift_interval": (-0.068891150431617865, -0.016633574257273742),
        "p": 0.0015543436722140505,
        "p_adjusted": 0.003108687344428101,
    },
}
PLAYERS = {"gate_30": 44_700, "gate_40": 45_489}


def seed(players=None):
    """The seed's lines, as the seed program prints them."""
    more = ["--players", str(players)] if players else []
    return subprocess.run([sys.executable, os.path.join(SEEDS, "cookie-cats", "generate.py"), *more],
                          stdout=subprocess.PIPE, check=True).stdout


class CookieCats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="gangway-cats-")
        cls.store = os.path.join(cls.folder.name, "store")
        counts = scenario.run("import", "--store", cls.store, "--experiments", EXPERIMENTS, "-",
                              data=seed()).decode()
        assert " 0 duplicates, 0 rejected" in counts, counts
        cls.bytes = scenario.run("report", "cookie-cats", "--store", cls.store, "--format", "json",
                                 "--as-of", "2026-10-01")
        cls.report = json.loads(cls.bytes)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def close(self, got, want, relative, what):
        self.assertIsNotNone(got, what)
        self.assertLessEqual(abs(got - want), relative * abs(want), f"{what}: {got!r}, not {want!r}")

    def metrics(self):
        return {metric["metric"]: metric for metric in self.report["metrics"]
                if metric["role"] == "goal"}

    def test_every_player_is_there_once(self):
        exposed = {variant["variant"]: variant["exposed"] for variant in self.report["variants"]}
        self.assertEqual(exposed, PLAYERS)
        for name, expected in EXPECTED.items():
            for variant in self.metrics()[name]["variants"]:
                key = variant["variant"]
                self.assertEqual((variant["units"], variant["immature"]), (PLAYERS[key], 0))
                self.assertEqual(round(variant["value"] * variant["units"]),
                                 expected["returned"][key])
                self.close(variant["value"], expected["values"][key], 1e-15, f"{name} of {key}")

    def test_the_figures_are_those_of_r(self):
        for name, expected in EXPECTED.items():
            comparison, = self.metrics()[name]["comparisons"]
            difference, lift = comparison["difference"], comparison["lift"]
            self.assertEqual(comparison["variant"], "gate_40")
            self.assertEqual((difference["level"], lift["level"]), (0.95, 0.95))
            self.close(difference["estimate"], expected["difference"], 1e-9, f"{name}: difference")
            self.close(lift["estimate"], expected["lift"], 1e-9, f"{name}: lift")
            self.close(comparison["p"], expected["p"], 1e-8, f"{name}: p")
            self.close(comparison["p_adjusted"], expected["p_adjusted"], 1e-8, f"{name}: Holm")
            for end in (0, 1):
                self.close(difference["interval"][end], expected["interval"][end], 1e-8,
                           f"{name}: interval")
                self.close(lift["interval"][end], expected["lift_interval"][end], 1e-9,
                           f"{name}: interval of the lift")

    def test_the_sample_ratio_is_no_alarm(self):
        ratio = self.report["health"]["sample_ratio"]
        self.close(ratio["chi_square"], 6.9024049496058275, 1e-9, "chi-square")
        self.close(ratio["p"], 0.008607987810836255, 1e-9, "p")
        self.close(ratio["bayes_factor"], 3.18, 5e-3, "Bayes factor at concentration 1000")
        self.assertFalse(ratio["alarm"])
        self.assertEqual(ratio["expected"], [0.5, 0.5])

    def test_the_verdict_is_to_stop_for_day_7(self):
        verdict = self.report["verdict"]
        self.assertEqual((verdict["code"], verdict["variant"], verdict["metric"]),
                         ("stop_harm", "gate_40", "back_day_7"))
        self.assertTrue(self.report["final"]["reached"])
        text = scenario.run("report", "cookie-cats", "--store", self.store, "--as-of", "2026-10-01")
        self.assertIn("gate_40", text.decode())
        scenario.run("report", "cookie-cats", "--store", self.store, "--as-of", "2026-10-01",
                     "--check", want=1)

    def test_the_state_is_what_the_journal_gives(self):
        scenario.run("verify", "--store", self.store)

    def test_http_and_import_give_the_same_report(self):
        lines = seed(PLAYERS_OVER_HTTP)
        with Gangway(files=self.shipped()) as server:
            url = f"http://127.0.0.1:{server.port}"
            done = subprocess.run([sys.executable, os.path.join(SEEDS, "send.py"), url], input=lines,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            server.wait_for_fold()
            answer = server.get("/v1/experiments/cookie-cats/report?format=json&as_of=2026-10-01")
            self.assertEqual(answer.status, 200, answer)
            served = scenario.undelivered(answer.body)
            text = server.get("/v1/experiments/cookie-cats/report?format=text&as_of=2026-10-01")
            self.assertIn("cookie-cats", text.body.decode())
            self.assertEqual(server.stop(), 0)
        if PLAYERS_OVER_HTTP is None:
            self.assertEqual(served, scenario.undelivered(self.bytes))
            return
        store = os.path.join(self.folder.name, "some")
        scenario.run("import", "--store", store, "--experiments", EXPERIMENTS, "-", data=lines)
        some = scenario.report(store, "cookie-cats", "2026-10-01")
        self.assertEqual(served, scenario.undelivered(some))
        self.assertEqual(scenario.exposed(some), PLAYERS_OVER_HTTP)

    def shipped(self):
        """The experiments that ship."""
        texts = {}
        for name in os.listdir(EXPERIMENTS):
            if name.endswith(".yaml"):
                with open(os.path.join(EXPERIMENTS, name), encoding="utf-8") as file:
                    texts[name] = file.read()
        return texts


if __name__ == "__main__":
    unittest.main(verbosity=2)
