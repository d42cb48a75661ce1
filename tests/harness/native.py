"""The native API for tests: stubs made from the contract itself, and what a status says."""

import importlib
import queue
import sys
import tempfile
from functools import cache
from pathlib import Path

import grpc
from google.protobuf import any_pb2  # noqa: F401  before the stubs, which need it
from google.rpc import error_details_pb2, status_pb2
from grpc_tools import protoc

PROTO = Path(__file__).parents[2] / "proto"
SERVICES = ["streams", "queues"]


@cache
def compiled() -> dict:
    """Each service's messages and client, by its file's name."""
    out = tempfile.mkdtemp(prefix="esker-stubs-")
    well_known = Path(protoc.__file__).parent / "_proto"
    files = [f"esker/v1/{service}.proto" for service in SERVICES]
    done = protoc.main(["protoc", f"-I{PROTO}", f"-I{well_known}", f"--python_out={out}", f"--grpc_python_out={out}", *files])
    assert done == 0, "the contract does not compile with Google's own compiler"
    sys.path.insert(0, out)
    names = [(service, f"esker.v1.{service}_pb2") for service in SERVICES]
    return {service: (importlib.import_module(name), importlib.import_module(f"{name}_grpc")) for service, name in names}


class Outbox:
    """What is sent, in order, until it is closed."""

    def __init__(self, *first):
        self._queue = queue.SimpleQueue()
        for message in first:
            self._queue.put(message)

    def send(self, message) -> None:
        self._queue.put(message)

    def close(self) -> None:
        self._queue.put(None)

    def __iter__(self):
        while (message := self._queue.get()) is not None:
            yield message


def details(error: grpc.RpcError) -> dict:
    """The details of a status, by kind."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            return of_status(status_pb2.Status.FromString(value))
    return {}


def of_status(status) -> dict:
    found = {"code": status.code, "message": status.message}
    for kind in (error_details_pb2.ErrorInfo, error_details_pb2.RetryInfo, error_details_pb2.BadRequest):
        for detail in status.details:
            if detail.Is(kind.DESCRIPTOR):
                message = kind()
                detail.Unpack(message)
                found[kind.__name__] = message
    return found


def reason(error_or_status) -> str:
    found = details(error_or_status) if isinstance(error_or_status, grpc.RpcError) else of_status(error_or_status)
    assert found["ErrorInfo"].domain == "esker"
    return found["ErrorInfo"].reason
