"""At a terminal there is a bar, and nowhere else; NO_COLOR takes its colors away."""

import os
import re
import select
import threading

import pytest

pty = pytest.importorskip("pty", reason="pseudo-terminals of other systems")

WORDS = ("train", "moons:n=8000", "--epochs", "4", "--hidden", "128,64", "--batch-size", "20")
COLOR = re.compile(rb"\x1b\[[0-9;]*m")


@pytest.fixture
def at_terminal(outside):
    """Runs the command with its standard error, and if told its output, at a terminal; returns both."""

    def call(*words, output_too=False, **environment):
        master, slave = pty.openpty()
        settings = {"stdout": slave} if output_too else {}
        process = outside(
            *words,
            stderr=slave,
            environment={"TERM": "xterm-256color", "COLUMNS": "100", **environment},
            **settings,
        )
        os.close(slave)
        parts = []

        def read():
            while process.poll() is None or select.select([master], [], [], 0)[0]:
                if select.select([master], [], [], 0.05)[0]:
                    try:
                        parts.append(os.read(master, 65536))
                    except OSError:  # Linux says so when the last writer has gone
                        return

        thread = threading.Thread(target=read)
        thread.start()
        out, _ = process.communicate(timeout=60)
        thread.join()
        os.close(master)
        return process.returncode, out or b"", b"".join(parts)

    return call


def colors(text):
    """Codes of color, leaving out those of bold and the like, which NO_COLOR does not forbid."""
    codes = {int(code) for found in COLOR.findall(text) for code in re.findall(rb"\d+", found)}
    return {code for code in codes if 30 <= code <= 48 or 90 <= code <= 107}


def test_the_bar_shows_epoch_loss_metric_speed_share_and_time_left(at_terminal):
    code, out, err = at_terminal(*WORDS)
    assert code == 0
    for part in (
        rb"epoch [1-4]/4",
        rb"loss \d\.\d{4}",
        rb"train accuracy 0\.\d{4}",
        rb"[\d,]+ rows/s",
        rb"\d+%",
        rb"\d:\d\d:\d\d|-:--:--",
        "━".encode(),
    ):
        assert re.search(part, err), part
    assert colors(err)
    assert b"\x1b" not in out  # the table stays plain in a file
    assert out.splitlines()[-1].startswith(b"test accuracy: ")


def test_no_color_takes_the_colors_from_the_bar(at_terminal):
    code, _, err = at_terminal(*WORDS, NO_COLOR="1")
    assert code == 0
    assert b"rows/s" in err
    assert colors(err) == set()


def test_the_table_stands_above_the_bar_when_both_are_at_the_terminal(at_terminal):
    code, _, screen = at_terminal(*WORDS, output_too=True)
    assert code == 0
    assert b"rows/s" in screen
    for epoch in range(1, 5):
        assert re.search(rb"    %d +\d\.\d{5} " % epoch, screen), screen
    assert screen.rstrip().splitlines()[-1].startswith(b"test accuracy: ")


def test_quiet_shows_no_bar(at_terminal):
    code, out, err = at_terminal(*WORDS, "--quiet")
    assert code == 0
    assert err == b""
    assert out.startswith(b"test accuracy: ")


def test_a_terminal_that_can_do_nothing_gets_no_control_codes(at_terminal):
    code, _, err = at_terminal(*WORDS, TERM="dumb")
    assert code == 0
    assert b"\x1b" not in err


def test_the_bar_is_gone_before_an_error_is_shown(at_terminal):
    code, _, err = at_terminal("train", "random:n=2000", "--learning-rate", "1e30", "--batch-size", "1000")
    assert code == 1
    assert (
        re.sub(rb"\x1b\[[?\d;]*[A-Za-z]", b"", err)
        .rstrip()
        .splitlines()[-1]
        .startswith(b"chainrule: diverged at step ")
    )
    assert b"\x1b[?25h" in err or b"\x1b[?25l" not in err  # the cursor is shown again


def test_no_bar_without_a_terminal(outside):
    process = outside(*WORDS)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert err == b""
    assert b"\x1b" not in out
