"""The address table."""

import json
from ipaddress import ip_network
from pathlib import Path

import pytest

from shared.egress.addresses import is_public


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.1",
        "172.32.0.1",
        "2606:4700:4700::1111",
        "2001:4860:4860::8888",
        "::ffff:1.1.1.1",
    ],
)
def test_what_the_internet_routes_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:a9fe:a9fe::1", "2001:0:7f00:1::", "::127.0.0.1", "::", "::1", "fec0::1", "fd00:ec2::254",
        "3fff::1", "5f00::1", "192.0.0.8", "192.88.99.1", "ff02::1", "224.0.0.1", "255.255.255.255", "::ffff:7f00:1", "::ffff:169.254.169.254",
        "fe80::1%eth0", "2606:4700::1%eth0", "169.254.170.2", "100.100.100.200", "0.0.0.0", "::ffff:0:7f00:1",
    ],
)  # fmt: skip
def test_what_only_looks_global_is_not(address: str) -> None:
    """Threat E5, fact 3."""
    assert not is_public(address)


def test_first_middle_and_last_address_of_each_special_network_are_refused(shared_material: Path) -> None:
    """Threat E5."""
    rows = json.loads((shared_material / "security-vectors/ssrf/deny_cidrs.json").read_text())
    networks = [ip_network(row["cidr"]) for row in rows]
    public = [
        str(network)
        for network in networks
        for at in (0, network.num_addresses // 2, network.num_addresses - 1)
        if is_public(network[at])
    ]

    assert public == []
    assert len(networks) == 30
