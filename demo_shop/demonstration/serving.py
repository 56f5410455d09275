"""The shop for a visitor: web server, worker, card processor and carrier together, until Ctrl-C."""

import socket
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

from demo_shop.demonstration.accounts import Login, demo_logins
from demo_shop.demonstration.goods import stock_the_shelves
from demo_shop.demonstration.processes import Processes
from demo_shop.demonstration.processor import start_processor
from demo_shop.demonstration.purchases import ask_for_desks
from demo_shop.models import Product, PurchaseRequest

HOST = "127.0.0.1"
# Seconds that a parcel travels, long enough to watch.
PARCEL_TRAVELS = 20
SERVER_STARTS_WITHIN = 60.0


class ServerFailed(Exception):
    """The web server does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenShop:
    """Where the shop is, and who can log in."""

    url: str
    processor_url: str
    logins: list[Login]


def open_shop(processes: Processes, port: int) -> OpenShop:
    """Start everything and wait until the shop answers. Raises ProcessDied, ProcessorFailed or ServerFailed."""
    if not Product.objects.exists():
        stock_the_shelves()
    processor_url = start_processor(processes)
    port = port if port and is_free(port) else free_port()
    url = f"http://{HOST}:{port}/"
    processes.environment["SHOP_BASE_URL"] = url
    if not PurchaseRequest.objects.filter(status=PurchaseRequest.Status.ASKED).exists():
        ask_for_desks(f"V{PurchaseRequest.objects.count() + 1}")
    processes.manage("web server", "runserver", "--noreload", f"{HOST}:{port}")
    processes.manage("worker", "runworkflows")
    delivered = f"{url}carrier/delivered/"
    processes.manage(
        "carrier", "deliver_shipments", "--forever", "--every", "2", "--after", str(PARCEL_TRAVELS), "--url", delivered
    )
    wait_until_it_answers(processes, url)
    return OpenShop(url=url, processor_url=processor_url, logins=demo_logins())


def keep_open(processes: Processes) -> None:
    """Watch over the processes until interrupted. Raises ProcessDied."""
    while True:
        for child in processes.children:
            child.check()
        time.sleep(0.5)


def wait_until_it_answers(processes: Processes, url: str) -> None:
    """Return once the web server answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + SERVER_STARTS_WITHIN
    while time.monotonic() < deadline:
        for child in processes.children:
            child.check()
        try:
            opener.open(url, timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise ServerFailed(f"The web server does not answer at {url}; see {processes.logs}.")


def is_free(port: int) -> bool:
    """Say whether a port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
