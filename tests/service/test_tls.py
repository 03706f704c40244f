"""TLS: what is spoken, what is refused, and the certificate's life.  The certificate is made by the
openssl program for each run; no key lies in the tree."""

import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from gangway import GANGWAY, Answer, Gangway, experiment, hear, main, track


def make_certificate(folder, name, days=2):
    """The paths of a certificate for 127.0.0.1 and its key."""
    certificate, key = (os.path.join(folder, name + end) for end in (".crt", ".key"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-noenc", "-keyout", key, "-out", certificate,
                    "-days", str(days), "-subj", f"/CN={name}", "-addext",
                    "subjectAltName=IP:127.0.0.1,DNS:localhost"], check=True, capture_output=True)
    return certificate, key


def serial_of(pem_or_der):
    text = subprocess.run(["openssl", "x509", "-noout", "-subject", "-inform", "DER"],
                          input=pem_or_der, capture_output=True, check=True).stdout.decode()
    return re.search(r"CN\s*=\s*(\S+)", text).group(1)


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="gangway-tls-")
        cls.certificate, cls.key = make_certificate(cls.folder.name, "first")
        cls.server = Gangway(arguments=["--tls-cert", cls.certificate, "--tls-key", cls.key,
                                        "--workers", "2"])
        cls.context = ssl.create_default_context(cafile=cls.certificate)

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        cls.folder.cleanup()

    def client(self, context=None):
        return http.client.HTTPSConnection("127.0.0.1", self.server.port, timeout=20,
                                           context=context or self.context)

    def ask(self, method, path, body=None, headers=None, client=None):
        one = client or self.client()
        one.request(method, path, body, headers or {})
        got = one.getresponse()
        answer = Answer(got.status, got.headers, got.read())
        if client is None:
            one.close()
        return answer

    def connect(self, context=None):
        return (context or self.context).wrap_socket(self.server.connect(),
                                                     server_hostname="127.0.0.1")

    def test_a_connection_serves_many_requests(self):
        client = self.client()
        for i in range(50):
            answer = self.ask("GET", f"/v1/assign/one?unit=u{i}", client=client)
            self.assertEqual((answer.status, answer.json["unit"]), (200, f"u{i}"))
            answer = self.ask("POST", "/v1/track", str(track(f"u{i}", "E")).replace("'", '"'),
                              client=client)
            self.assertEqual((answer.status, answer.json["accepted"]), (200, 1))
        client.close()

    def test_a_body_at_the_limit_and_a_large_answer(self):
        body = b'{"units": [' + b", ".join(b'{"unit": "u%d"}' % i for i in range(9000)) + b"]}"
        body = body[:-1] + b" " * (512000 - len(body)) + b"}"
        answer = self.ask("POST", "/v1/assign", body)
        self.assertEqual((answer.status, len(answer.json["assignments"])), (200, 9000))
        self.assertGreater(len(answer.body), 2_000_000)
        self.assertEqual(self.ask("POST", "/v1/assign", body + b" ").status, 413)

    def test_who_reads_slowly_gets_it_whole(self):
        body = b'{"units": [' + b", ".join(b'{"unit": "u%d"}' % i for i in range(9000)) + b"]}"
        with self.connect() as stream:
            stream.sendall(b"POST /v1/assign HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                           b"Content-Length: %d\r\n\r\n" % len(body) + body)
            time.sleep(1)
            parts = []
            while part := stream.recv(65536):
                parts.append(part)
        head, got = b"".join(parts).split(b"\r\n\r\n", 1)
        self.assertIn(b"Content-Length: %d\r\n" % len(got), head + b"\r\n")

    def test_a_pipeline_is_answered_in_order(self):
        text = "".join(f"GET /v1/assign/one?unit=u{i} HTTP/1.1\r\nHost: localhost\r\n"
                       f"X-Request-Id: r{i}\r\n\r\n" for i in range(100))
        text += "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        with self.connect() as stream:
            stream.sendall(text.encode())
            answer = hear(stream).decode()
        ids = [line.split(": ")[1] for line in answer.splitlines() if line.startswith("X-Request-Id")]
        self.assertEqual(ids[:-1], [f"r{i}" for i in range(100)])

    def test_byte_by_byte(self):
        with self.connect() as stream:
            for byte in b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n":
                stream.sendall(bytes([byte]))
            self.assertTrue(hear(stream).startswith(b"HTTP/1.1 200"))

    def test_the_end_is_announced(self):
        """Without close_notify Python's ssl would raise here."""
        context = ssl.create_default_context(cafile=self.certificate)
        with self.connect(context) as stream:
            stream.suppress_ragged_eofs = False
            stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            parts = []
            while part := stream.recv(4096):
                parts.append(part)
            self.assertTrue(b"".join(parts).startswith(b"HTTP/1.1 200"))

    def test_versions(self):
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            context = ssl.create_default_context(cafile=self.certificate)
            context.minimum_version = context.maximum_version = version
            with self.connect(context) as stream:
                self.assertEqual(stream.version(), name)
        for old in ("-tls1", "-tls1_1"):
            got = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}",
                                  old, "-cipher", "DEFAULT@SECLEVEL=0"], input=b"",
                                 capture_output=True, timeout=20)
            self.assertNotEqual(got.returncode, 0, old)
            self.assertIn(b"alert protocol version", got.stderr, old)

    def test_http_1_is_chosen_of_what_is_offered(self):
        for offer, chosen in ((["h2", "http/1.1"], "http/1.1"), (["h2"], None)):
            context = ssl.create_default_context(cafile=self.certificate)
            context.set_alpn_protocols(offer)
            with self.connect(context) as stream:
                self.assertEqual(stream.selected_alpn_protocol(), chosen)

    def test_a_session_is_resumed(self):
        context = ssl.create_default_context(cafile=self.certificate)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.connect(context) as stream:
            session = stream.session
        with context.wrap_socket(self.server.connect(), server_hostname="127.0.0.1",
                                 session=session) as stream:
            self.assertTrue(stream.session_reused)

    def test_plain_http_is_closed_quietly(self):
        got = self.server.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertNotIn(b"HTTP/1.1", got)
        self.assertNotIn("error", self.server.log())
        self.assertEqual(self.ask("GET", "/healthz").status, 200)

    def test_noise_instead_of_a_handshake_is_closed(self):
        for noise in (b"\x16\x03\x01\x40\x00" + b"x" * 20000, b"\x00" * 1000, os.urandom(5000)):
            self.server.send(noise)
        with self.server.connect() as connection:  # half a handshake, then gone
            connection.sendall(b"\x16\x03\x01\x00\xc8\x01")
        self.assertEqual(self.ask("GET", "/healthz").status, 200)

    def test_renegotiation_is_refused(self):
        got = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}",
                              "-tls1_2"], input=b"R\n", capture_output=True, timeout=30)
        self.assertIn(b"no renegotiation", got.stderr)

    def test_who_goes_without_a_word_costs_nothing(self):
        for _ in range(20):
            stream = self.connect()
            stream.sendall(b"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{")
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            socket.socket.close(stream)  # a reset, in the middle
        self.assertEqual(self.ask("GET", "/healthz").status, 200)

    def test_settings_say_https(self):
        answer = self.ask("GET", "/v1/projects/k/settings")
        self.assertEqual(answer.json["integrations"]["Segment.io"]["protocol"], "https")

    def test_change_notices_come_through(self):
        with self.connect() as stream:
            stream.suppress_ragged_eofs = False
            stream.sendall(b"GET /ofrep/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            got = b""
            while b":\n\n" not in got:
                got += stream.recv(4096)
            self.assertIn(b"text/event-stream", got)
            self.server.write("two.yaml", experiment("two"))
            while b"refetchEvaluation" not in got:
                got += stream.recv(4096)

    def test_a_handshake_has_ten_seconds(self):
        begin = time.monotonic()
        with self.server.connect(30) as connection:
            connection.sendall(b"\x16\x03\x01")
            hear(connection)
        self.assertGreater(time.monotonic() - begin, 9.5)
        self.assertLess(time.monotonic() - begin, 20)


class Certificates(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="gangway-tls-"))
        self.certificate, self.key = make_certificate(self.folder, "first")

    def refusal(self, *arguments):
        got = subprocess.run([GANGWAY, "serve", "--listen", "127.0.0.1:0", "--store",
                              os.path.join(self.folder, "store"), *arguments],
                             capture_output=True, text=True, timeout=20)
        return got.returncode, got.stderr

    def test_both_or_neither(self):
        for arguments in (["--tls-cert", self.certificate], ["--tls-key", self.key]):
            status, text = self.refusal(*arguments)
            self.assertEqual(status, 2)
            self.assertIn("--tls-cert and --tls-key", text)

    def test_what_cannot_be_used_is_said_with_its_reason(self):
        other = make_certificate(self.folder, "other")
        none = os.path.join(self.folder, "none")
        locked = os.path.join(self.folder, "locked")
        subprocess.run(["openssl", "ec", "-in", self.key, "-aes128", "-passout", "pass:secret",
                        "-out", locked], check=True, capture_output=True)
        for certificate, key, where, reason in (
                (none, self.key, none, "No such file"), (self.certificate, none, none, "No such file"),
                (self.key, self.key, self.key, "no start line"),
                (self.certificate, other[1], other[1], "key values mismatch"),
                (self.certificate, locked, locked, "TLS: ")):
            status, text = self.refusal("--tls-cert", certificate, "--tls-key", key)
            self.assertEqual(status, 3, text)
            self.assertIn(where, text)
            self.assertIn(reason, text)

    def test_a_new_certificate_is_taken_on_sighup_and_a_bad_one_is_not(self):
        with Gangway(arguments=["--tls-cert", self.certificate, "--tls-key", self.key]) as server:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE

            def seen():
                with context.wrap_socket(server.connect()) as stream:
                    return serial_of(stream.getpeercert(binary_form=True))
            self.assertEqual(seen(), "first")
            open_one = context.wrap_socket(server.connect())
            self.addCleanup(open_one.close)

            with open(self.certificate, "w", encoding="ascii") as file:
                file.write("none\n")
            server.process.send_signal(signal.SIGHUP)
            server.wait_for("the refusal", lambda: "the old one stays" in server.log())
            self.assertIn("no start line", server.log())
            self.assertEqual(seen(), "first")

            second = make_certificate(self.folder, "second")
            os.rename(second[0], self.certificate)
            os.rename(second[1], self.key)
            server.process.send_signal(signal.SIGHUP)
            server.wait_for("the new one", lambda: "was read again" in server.log())
            self.assertEqual(seen(), "second")
            open_one.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            self.assertTrue(hear(open_one).startswith(b"HTTP/1.1 200"))

    def test_a_reload_under_load_loses_nobody(self):
        with Gangway(arguments=["--tls-cert", self.certificate, "--tls-key", self.key]) as server:
            context = ssl.create_default_context(cafile=self.certificate)
            answers = []

            def load():
                for _ in range(40):
                    client = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=20,
                                                         context=context)
                    client.request("GET", "/v1/assign/one?unit=u1")
                    answers.append(client.getresponse().status)
                    client.close()
            threads = [threading.Thread(target=load) for _ in range(4)]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                server.process.send_signal(signal.SIGHUP)
                time.sleep(0.2)
            self.assertEqual(answers, [200] * 160)
            self.assertEqual(server.stop(), 0)

    def test_a_unix_socket_stays_plain(self):
        path = os.path.join(self.folder, "socket")
        with Gangway(listen="unix:" + path, arguments=["--listen", "127.0.0.1:0", "--tls-cert",
                                                       self.certificate, "--tls-key", self.key]):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(path)
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: any.example\r\n"
                                   b"Connection: close\r\n\r\n")
                self.assertTrue(hear(connection).startswith(b"HTTP/1.1 200"))

    def test_draining_ends_open_connections(self):
        with Gangway(arguments=["--tls-cert", self.certificate, "--tls-key", self.key]) as server:
            context = ssl.create_default_context(cafile=self.certificate)
            idle = context.wrap_socket(server.connect(), server_hostname="127.0.0.1")
            silent = server.connect()
            notices = context.wrap_socket(server.connect(), server_hostname="127.0.0.1")
            notices.suppress_ragged_eofs = False
            notices.sendall(b"GET /ofrep/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertIn(b"200 OK", notices.recv(100))
            self.addCleanup(notices.close)
            self.addCleanup(idle.close)
            self.addCleanup(silent.close)
            begin = time.monotonic()
            self.assertEqual(server.stop(), 0)
            self.assertLess(time.monotonic() - begin, 10)
            idle.suppress_ragged_eofs = False
            self.assertEqual(idle.recv(100), b"")
            while part := notices.recv(4096):
                end = part
            self.assertTrue(end.endswith(b"0\r\n\r\n"))


if __name__ == "__main__":
    main()
