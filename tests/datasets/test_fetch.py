"""Fetching: from a real HTTPS server on this machine, in all the ways that servers go wrong."""

import hashlib
import ssl
import threading

import pytest

from chainrule.core.errors import FetchError, FileError
from chainrule.datasets._fetch import fetch, user_cache

DATA = bytes(range(256)) * 1000
MOST = 1_000_000


def verify(data, where):
    if hashlib.sha256(data).digest() != hashlib.sha256(DATA).digest():
        raise FileError(f"{where} has the wrong SHA-256")


def leaves_nothing(problem, folder):
    assert not list(folder.rglob("*.*"))
    assert "\n" not in str(problem)


@pytest.fixture
def get(trusting, tmp_path):
    """``get(url, ...)`` fetches into a fresh folder, and looks that a failure leaves nothing there."""
    folder = tmp_path / "cache" / "data"

    def fetch_into(*urls, context=trusting, check=verify, most=MOST, silence=2.0, deadline=10.0):
        try:
            path = fetch(
                urls, folder / "file.gz", check, most, context=context, silence=silence, deadline=deadline
            )
        except FileError as problem:
            leaves_nothing(problem, tmp_path)
            raise
        assert list(folder.iterdir()) == [path]  # no part of it lies beside it
        return path.read_bytes()

    return fetch_into


def test_the_right_bytes_are_fetched_and_kept_under_the_name(server, get):
    assert get(server.serve("file.gz", DATA)) == DATA
    assert server.asked == ["/file.gz"]
    assert server.agents == ["chainrule"]  # nothing about the machine or the user


def test_a_file_without_a_declared_length_is_fetched(server, get):
    def unsized(handler):
        handler.begin()
        handler.wfile.write(DATA)

    assert get(server.serve("file.gz", unsized)) == DATA


def test_the_next_mirror_is_asked_after_any_failure(server, get):
    wrong = server.serve("wrong", DATA[:-1] + b"?")
    assert get(server.url("missing"), wrong, server.serve("right", DATA), server.url("never")) == DATA
    assert server.asked == ["/missing", "/wrong", "/right"]


def test_wrong_bytes_on_every_mirror_name_every_mirror(server, get):
    first, second = server.serve("a", b"wrong"), server.serve("b", DATA[1:])
    with pytest.raises(FetchError, match=r"could not fetch file\.gz from any mirror") as caught:
        get(first, second)
    for url in (first, second):
        assert f"{url} has the wrong SHA-256" in str(caught.value)
    assert "--data-dir or CHAINRULE_DATA" in str(caught.value)


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_an_answer_that_is_no_success_is_named(server, get, status):
    url = server.serve("file.gz", lambda handler: handler.send_error(status))
    with pytest.raises(FetchError, match=f"localhost: it answered {status}"):
        get(url)


@pytest.mark.parametrize("sent", [0, 1, 1000])
def test_a_file_shorter_than_declared_is_refused(server, get, sent):
    def short(handler):
        handler.begin(len(DATA))
        handler.wfile.write(DATA[:sent])

    with pytest.raises(FetchError, match=f"it sent {sent} of {len(DATA)} bytes"):
        get(server.serve("file.gz", short))


def test_a_file_shorter_than_declared_is_refused_even_if_its_bytes_are_right(server, get):
    def short(handler):
        handler.begin(len(DATA) + 1)
        handler.wfile.write(DATA)

    with pytest.raises(FetchError, match=f"it sent {len(DATA)} of {len(DATA) + 1} bytes"):
        get(server.serve("file.gz", short))


@pytest.mark.parametrize("length", ["many", "-5", "1" * 30])
def test_a_senseless_length_is_one_line(server, get, length):
    def senseless(handler):
        handler.begin(**{"Content-Length": length})
        handler.wfile.write(DATA)

    with pytest.raises(FetchError, match="localhost: "):
        get(server.serve("file.gz", senseless))


def test_an_endless_file_is_refused_at_the_size_limit(server, get):
    def endless(handler):
        handler.begin()
        handler.drip(bytes(100_000), every=0)

    with pytest.raises(FetchError, match="it sends more than 1000000 bytes"):
        get(server.serve("file.gz", endless))


def test_a_file_of_exactly_the_size_limit_is_taken(server, get):
    url = server.serve("file.gz", DATA)
    assert get(url, most=len(DATA)) == DATA


def test_a_byte_more_than_the_size_limit_is_refused(server, get):
    url = server.serve("file.gz", DATA)
    with pytest.raises(FetchError, match=f"it sends more than {len(DATA) - 1} bytes"):
        get(url, most=len(DATA) - 1)


def test_a_redirect_to_https_is_followed(server, get):
    target = server.serve("elsewhere", DATA)
    assert get(server.serve("file.gz", lambda handler: handler.begin(0, 302, Location=target))) == DATA
    assert server.asked == ["/file.gz", "/elsewhere"]


@pytest.mark.parametrize("scheme", ["http", "ftp"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_scheme_is_refused(server, get, scheme, status):
    target = server.serve("elsewhere", DATA).replace("https", scheme)
    with pytest.raises(FetchError, match=f"it redirects to {scheme}, only https is followed"):
        get(server.serve("file.gz", lambda handler: handler.begin(0, status, Location=target)))
    assert server.asked == ["/file.gz"]


@pytest.mark.parametrize("target", ["file:///etc/hostname", "data:text/plain,x", "gopher://localhost/", "//"])
def test_a_redirect_to_what_is_no_server_is_refused(server, get, target):
    with pytest.raises(FetchError, match="localhost: "):
        get(server.serve("file.gz", lambda handler: handler.begin(0, 302, Location=target)), check=lambda *_: None)


def test_redirects_in_a_circle_end(server, get):
    url = server.url("file.gz")
    server.serve("file.gz", lambda handler: handler.begin(0, 302, Location=url))
    with pytest.raises(FetchError, match="it answered 302"):
        get(url)
    assert len(server.asked) < 20


@pytest.mark.parametrize("scheme", ["http", "ftp", "file"])
def test_a_mirror_without_https_is_never_asked(server, get, scheme):
    url = server.serve("file.gz", DATA).replace("https", scheme)
    with pytest.raises(FetchError, match="only https is used"):
        get(url)
    assert server.asked == []


def test_a_server_that_falls_silent_is_left(server, get):
    def silent(handler):
        handler.begin(len(DATA))
        handler.wfile.write(DATA[:100])
        handler.wfile.flush()
        handler.hold()

    with pytest.raises(FetchError, match="localhost: it stayed silent too long"):
        get(server.serve("file.gz", silent), silence=0.3)
    assert server.ended == []  # it was left while it still had something to send


def test_a_server_that_never_answers_is_left(server, get):
    url = server.serve("file.gz", lambda handler: handler.hold())
    with pytest.raises(FetchError, match="localhost: it stayed silent too long"):
        get(url, silence=0.3)
    assert server.ended == []  # it was left while it still had something to send


def test_a_server_that_drips_is_left_at_the_deadline(server, get):
    def drips(handler):
        handler.begin(len(DATA))
        handler.drip()

    with pytest.raises(FetchError, match=r"it took more than 0\.3 seconds"):
        get(server.serve("file.gz", drips), deadline=0.3)
    assert server.ended == []  # it was left while it still had something to send


def test_a_server_that_drips_its_headers_is_left_at_the_deadline(server, get):
    def drips(handler):
        handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Patience: ")
        handler.drip(seconds=2)

    with pytest.raises(FetchError, match=r"it took more than 0\.3 seconds"):
        get(server.serve("file.gz", drips), deadline=0.3)
    assert server.ended == []  # it was left while it still had something to send


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.0 OK\r\n\r\n"])
def test_an_answer_that_is_no_http_is_one_line(server, get, answer):
    with pytest.raises(FetchError, match="localhost: "):
        get(server.serve("file.gz", lambda handler: handler.wfile.write(answer)))


def test_a_server_that_is_not_there_is_one_line(server, get):
    url = server.url()
    server.shutdown()
    server.server_close()
    with pytest.raises(FetchError, match=r"localhost: .*refused"):
        get(url)


def test_a_certificate_that_nobody_vouches_for_is_refused(server, get):
    with pytest.raises(FetchError, match=r"localhost: .*certificate verify failed"):
        get(server.serve("file.gz", DATA), context=ssl.create_default_context())
    assert server.asked == []


def test_without_a_context_certificates_are_checked_too(server, get):
    with pytest.raises(FetchError, match="certificate verify failed"):
        get(server.serve("file.gz", DATA), context=None)
    assert server.asked == []


def test_a_certificate_for_another_host_is_refused(server, get, authority):
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.example").configure_cert(server.context)
    with pytest.raises(FetchError, match="certificate verify failed"):
        get(server.serve("file.gz", DATA))


@pytest.mark.parametrize("value", ["1", "yes"])
def test_offline_forbids_asking_any_server(server, get, monkeypatch, value):
    monkeypatch.setenv("CHAINRULE_OFFLINE", value)
    with pytest.raises(FetchError, match=r"file\.gz is not here, and CHAINRULE_OFFLINE forbids fetching it"):
        get(server.serve("file.gz", DATA))
    assert server.asked == []


@pytest.mark.parametrize("value", ["", "0"])
def test_offline_0_forbids_nothing(server, get, monkeypatch, value):
    monkeypatch.setenv("CHAINRULE_OFFLINE", value)
    assert get(server.serve("file.gz", DATA)) == DATA


@pytest.mark.parametrize("place", ["in the way/file.gz", "in the way/deeper/file.gz"])
def test_a_cache_that_cannot_be_written_is_one_line(server, trusting, tmp_path, place):
    (tmp_path / "in the way").write_bytes(b"a file")
    with pytest.raises(FileError, match=r"cannot (make|write).*in the way") as caught:
        fetch([server.serve("file.gz", DATA)], tmp_path / place, verify, MOST, context=trusting)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "in the way").read_bytes() == b"a file"


def test_fetching_at_once_from_several_threads_gives_whole_files(server, trusting, tmp_path):
    url, path = server.serve("file.gz", DATA), tmp_path / "file.gz"
    threads = [
        threading.Thread(target=fetch, args=([url], path, verify, MOST), kwargs={"context": trusting})
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() == DATA
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_file_that_was_there(server, trusting, tmp_path):
    path = tmp_path / "file.gz"
    path.write_bytes(b"before")
    with pytest.raises(FetchError):
        fetch([server.serve("file.gz", b"wrong")], path, verify, MOST, context=trusting)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_the_cache_is_where_the_system_keeps_caches(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert user_cache() == tmp_path / ".cache" / "chainrule"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert user_cache() == tmp_path / "elsewhere" / "chainrule"
    monkeypatch.setattr("sys.platform", "darwin")
    assert user_cache() == tmp_path / "Library" / "Caches" / "chainrule"
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert user_cache() == tmp_path / "local" / "chainrule"
