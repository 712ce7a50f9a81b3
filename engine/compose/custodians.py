"""The custodian that a config names, as a port: a folder, or a sandbox's. Neither is given a key of any kind."""

from pathlib import Path

from engine.config.custody_checks import FILES
from engine.config.custody_use import CustodyUse
from engine.kernel.errors import BadInput, Mistake
from engine.ports import Custody


def open_custody(use: CustodyUse, *, case: str, account: str, beside: Path, address: str = "") -> Custody:
    """What is asked for coin; `BadInput` when it can't be had.

    `beside` is the folder of the config, `account` the owner of the vault in a sandbox, and `address` the custodian of
    the sandbox that the run has started; one that the config points at goes without.
    """
    if use.kind == FILES:
        from venues.custody.files import FileCustody

        return FileCustody(beside / use.folder, case)
    from venues.custody.sandbox import SandboxCustody
    from venues.transport import AiohttpTransport

    root = address or use.address
    if not root:
        raise BadInput([Mistake("custody.address", "is missing: the custodian of the sandbox that is pointed at")])
    return SandboxCustody(AiohttpTransport(), root, account)
