"""A model must not reach the network, nor other processes by sockets."""

from __future__ import annotations

import secrets
import socket

import pytest


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET"])
@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW"])
def test_no_socket_can_be_made(error, family, kind):
    assert error(f"socket.socket(socket.{family}, socket.{kind})") == "EPERM"


def test_a_listening_server_cannot_be_reached(error):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        assert error(f"socket.create_connection({address!r}, 2)") == "EPERM"
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_local_server_cannot_be_reached(error, tmp_path):
    for name in ("\0parallax-" + secrets.token_hex(8), str(tmp_path / "socket")):
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(name)
            server.listen()
            assert error(f"socket.socket(socket.AF_UNIX).connect({name!r})") == "EPERM"


def test_not_even_a_pair_of_sockets_can_be_made(error):
    assert error("socket.socketpair()") == "EPERM"


def test_names_are_not_looked_up(error):
    assert error("socket.getaddrinfo('example.org', 80)") == "no such name"


@pytest.mark.parametrize("call", ["connect", "bind", "listen", "accept", "accept4"])
def test_calls_on_sockets_are_refused_too(error, call):
    assert error(f"syscall({call!r}, 0, 0, 0)") == "EPERM"


def test_io_uring_is_no_way_around(error):
    assert error("syscall('io_uring_setup', 1, ctypes.create_string_buffer(120))") == "EPERM"
    assert error("syscall('io_uring_enter', 0, 0, 0, 0, 0, 0)") == "EPERM"
