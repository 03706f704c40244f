"""`--keep-traits declared`: a trait that no definition reads is in no byte on the disk, one that is
declared is, a reload that declares one keeps it from then on, and the report is the same.
"""

import json
import os
import subprocess
import tempfile
import unittest

import scenario
from gangway import GANGWAY, Gangway, experiment
from scenario import Stream

SEGMENTS = """segments:
  role: {trait: role, values: [sales, other]}
  tier: {trait: plan.tier, values: [free, paid]}
  mail: {trait: email, values: [a]}
"""
METRICS = """metrics:
  activated: {kind: conversion, event: Contact Created, within: 7d}
  members:   {kind: breadth, member: user, counts: activated, of: {trait: seats}, within: 7d}
"""
AUDIENCE = """audience:
  any:
    - country: {in: [kz]}
    - not: {all: [{size: {gte: 2}}, {draft: {exists: false}}]}
"""
DECLARED = ["--keep-traits", "declared"]
TRAITS = {"role": "sales-qzx", "plan": {"tier": "tier-qzx", "card": "card-zzq"},
          "country": "country-qzx", "size": "size-qzx", "draft": "draft-qzx", "email": "mail-zzq",
          "seats": 12, "hobby": "hobby-zzq", "roles": "roles-zzq", "plan.tier": "flat-qzx",
          "address": {"role": "address-zzq"}, "nothing": None}
KEPT = {"role": "sales-qzx", "plan": {"tier": "tier-qzx"}, "country": "country-qzx",
        "size": "size-qzx", "draft": "draft-qzx", "plan.tier": "flat-qzx", "seats": 12}


def folder_of(files):
    folder = tempfile.TemporaryDirectory(prefix="gangway-test-")
    for name, text in files.items():
        with open(os.path.join(folder.name, name), "w", encoding="utf-8") as file:
            file.write(text)
    return folder


def run(*arguments, text="", status=0):
    done = subprocess.run([GANGWAY, *arguments], input=text, capture_output=True, check=False,
                          encoding="utf-8", timeout=60)
    assert done.returncode == status, (arguments, done.stdout, done.stderr)
    return done.stdout


def holds(folder, text):
    """Files of the folder with that text in any byte."""
    found = []
    for parent, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(parent, name), "rb") as file:
                if text.encode() in file.read():
                    found.append(name)
    return found


def messages_with_traits():
    """Every place in which a message may have traits."""
    at = {"timestamp": "2026-09-02T10:00:00Z"}
    return [{"type": "identify", "userId": "u1", "messageId": "1", "traits": TRAITS, **at},
            {"type": "group", "userId": "u1", "groupId": "g1", "messageId": "2", "traits": TRAITS,
             **at},
            {"type": "track", "userId": "u1", "event": "Contact Created", "messageId": "3",
             "context": {"traits": TRAITS}, **at},
            {"type": "track", "userId": "u1", "event": "Experiment Viewed", "messageId": "4",
             "properties": {"experiment_id": "one", "variation_id": "new", "source": "kept-qzx"},
             "context": {"traits": TRAITS}, **at}]


def files(status="running", more=""):
    teams = experiment(key="teams", status=status).replace("unit: user", "unit: account")
    return {"one.yaml": experiment(more=AUDIENCE + more, status=status), "metrics.yaml": METRICS,
            "teams.yaml": teams.replace("goal: activated", "goal: members"),
            "segments.yaml": SEGMENTS}


def traits_exported(store):
    found = []
    for line in run("export", "--store", store).splitlines():
        message = json.loads(line)
        if message["type"] in ("identify", "group"):
            found.append(message.get("traits"))
        elif message["type"] == "track":
            found.append(message.get("context", {}).get("traits"))
    return found


class KeepTraits(unittest.TestCase):
    def send(self, server, messages):
        answer = server.post("/v1/batch", {"batch": messages})
        self.assertEqual((answer.status, answer.json["rejected"]), (200, []), answer)

    def test_over_http_only_declared_traits_reach_the_disk(self):
        with Gangway(files(), arguments=DECLARED) as server:
            self.send(server, messages_with_traits())
            server.wait_for_fold()
            self.assertEqual(server.stop(), 0)
            self.assertEqual(traits_exported(server.store), [KEPT] * 4)
            self.assertEqual(holds(server.store, "-zzq"), [])
            self.assertNotEqual(holds(server.store, "tier-qzx"), [])
            self.assertNotEqual(holds(server.store, "kept-qzx"), [], "properties are kept")
            run("verify", "--store", server.store)

    def test_an_exposure_that_the_service_writes_keeps_no_more(self):
        with Gangway(files(), arguments=DECLARED) as server:
            answer = server.post("/v1/assign", {
                "units": [{"unit": "u1", "traits": {**TRAITS, "country": "kz"}}],
                "experiments": ["one"], "expose": True})
            self.assertEqual(answer.json["assignments"][0]["in_experiment"], True, answer)
            server.wait_for_fold()
            self.assertEqual(server.stop(), 0)
            self.assertEqual(traits_exported(server.store), [{**KEPT, "country": "kz"}])
            self.assertEqual(holds(server.store, "-zzq"), [])

    def test_import_does_the_same_and_all_keeps_all(self):
        lines = "".join(json.dumps(message) + "\n" for message in messages_with_traits())
        with folder_of(files()) as declared, tempfile.TemporaryDirectory() as root:
            for arguments, wanted in ((DECLARED, KEPT), ((), TRAITS),
                                      ((*DECLARED, "--private", "size"),
                                       {**{k: v for k, v in KEPT.items() if k != "size"},
                                        "email": "mail-zzq"})):
                store = os.path.join(root, "store" + str(len(arguments)))
                run("import", "-", "--store", store, "--experiments", declared, *arguments,
                    text=lines)
                got = traits_exported(store)
                self.assertEqual(got, [wanted] * 4)

    def test_a_draft_declares_nothing(self):
        drafted = files(status="draft")
        with folder_of(drafted) as declared, tempfile.TemporaryDirectory() as root:
            store = os.path.join(root, "store")
            line = json.dumps(messages_with_traits()[0]) + "\n"
            run("import", "-", "--store", store, "--experiments", declared, *DECLARED, text=line)
            self.assertEqual(traits_exported(store), [
                {"role": "sales-qzx", "plan": {"tier": "tier-qzx"}, "plan.tier": "flat-qzx"}],
                "segments.yaml declares them")

    def test_a_reload_that_declares_a_trait_keeps_it_from_then_on(self):
        def who(number):
            return {"type": "identify", "userId": f"u{number}", "messageId": f"m{number}",
                    "traits": {"hobby": f"hobby-{number}-qzx", "role": "sales"}}
        with Gangway(files(), arguments=DECLARED) as server:
            self.send(server, [who(1)])
            server.write("segments.yaml",
                         SEGMENTS + "  hobby: {trait: hobby, values: [chess]}\n")
            self.assertEqual(server.post("/v1/reload", {}).status, 200)
            self.send(server, [who(2)])
            server.write("segments.yaml", SEGMENTS)
            self.assertEqual(server.post("/v1/reload", {}).status, 200)
            self.send(server, [who(3)])
            server.wait_for_fold()
            self.assertEqual(server.stop(), 0)
            self.assertEqual([t.get("hobby") for t in traits_exported(server.store)],
                             [None, "hobby-2-qzx", None])

    def test_a_pseudonymous_store_hashes_ids_and_drops_what_is_private(self):
        with Gangway(files(), arguments=["--pseudonymous", *DECLARED]) as server:
            self.send(server, messages_with_traits())
            server.wait_for_fold()
            self.assertEqual(server.stop(), 0)
            self.assertEqual(traits_exported(server.store), [KEPT] * 4)
            self.assertEqual(holds(server.store, "-zzq"), [])

    def test_the_report_is_the_same(self):
        sent, reports = Stream(300).messages, []
        for arguments in ((), DECLARED):
            with Gangway(scenario.files(), arguments=arguments) as server:
                for at in range(0, len(sent), 400):
                    self.send(server, sent[at:at + 400])
                server.wait_for_fold()
                answer = server.get(
                    f"/v1/experiments/flow/report?format=json&as_of={scenario.AS_OF}")
                self.assertEqual(answer.status, 200, answer)
                reports.append({**answer.json, "delivery": None})
                self.assertEqual(server.stop(), 0)
                self.assertEqual(any("plan" in (t or {}) for t in traits_exported(server.store)),
                                 not arguments)
        self.assertIn("sales_rep", json.dumps(reports[0]))
        self.assertEqual(reports[0], reports[1])

    def test_another_word_is_refused(self):
        run("serve", "--keep-traits", "some", status=2)
        run("import", "-", "--keep-traits", "some", status=2)


if __name__ == "__main__":
    unittest.main()
