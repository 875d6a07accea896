"""What the tests of data sets share: MNIST loaded once, and an HTTPS server on this machine."""

import contextlib
import http.server
import ssl
import threading
import time

import pytest
import trustme

from chainrule import datasets


@pytest.fixture(scope="session")
def mnist():
    return datasets.load("mnist")


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def certificate(authority):
    return authority.issue_cert("localhost", "127.0.0.1")


@pytest.fixture
def trusting(authority):
    """A context of a client that trusts the tests' servers."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


class Server(http.server.ThreadingHTTPServer):
    """Answers each path with a function of the tests; ``asked`` lists the paths in their order."""

    daemon_threads = False  # so that closing waits for every answer: no thread outlives its test
    block_on_close = True

    def __init__(self, context):
        super().__init__(("127.0.0.1", 0), Handler)
        self.context = context
        self.answers, self.asked, self.agents = {}, [], []
        self.closing = threading.Event()
        self.ended = []  # paths whose slow answers came to their end, no client having left before

    def get_request(self):
        # The handshake is the thread's work: a client that refuses the certificate must not stop the server.
        sock, address = super().get_request()
        sock.settimeout(5)
        return self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request, client_address):
        pass  # clients of these tests leave early, and that is no news

    def url(self, path="file.gz"):
        return f"https://localhost:{self.server_address[1]}/{path}"

    def serve(self, path, answer):
        """``answer`` is bytes, or a function of the handler; returns the URL."""
        self.answers[f"/{path}"] = answer
        return self.url(path)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.server.agents.append(self.headers["User-Agent"])
        answer = self.server.answers.get(self.path)
        if answer is None:
            self.send_error(404)
        elif callable(answer):
            answer(self)
        else:
            self.begin(len(answer))
            self.wfile.write(answer)

    def begin(self, length=None, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def drip(self, piece=b"x", every=0.05, seconds=4.0):
        """Sends a piece now and again, for so many seconds at most, or until the client or the test has gone."""
        end = time.monotonic() + seconds
        with contextlib.suppress(OSError):
            while not self.server.closing.wait(every):
                self.wfile.write(piece)
                self.wfile.flush()
                if time.monotonic() > end:
                    self.server.ended.append(self.path)
                    return

    def hold(self, seconds=4.0):
        """Sends nothing for so many seconds, or until the test has gone."""
        if not self.server.closing.wait(seconds):
            self.server.ended.append(self.path)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(certificate, monkeypatch):
    """A server of this test, trusted by clients with the context ``trusting``."""
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "CHAINRULE_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    found = Server(context)
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    found.closing.set()
    found.shutdown()
    found.server_close()
    thread.join()
