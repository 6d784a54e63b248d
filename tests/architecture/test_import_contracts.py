"""Each import contract of pyproject.toml catches a planted violation, and a clean tree breaks none."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib

import pytest

from tests.architecture.tree import ROOT

CONFIG = ROOT / "pyproject.toml"
SLICES = ("auth", "event", "queue", "reservation", "payment", "notification")

CLEAN = {
    **{f"tiketi_core/{s}/{part}.py": "" for s in SLICES for part in ("errors", "model", "rules")},
    **{f"tiketi_platform/services/{s}/routes.py": "" for s in SLICES},
    "tiketi_core/kernel/ids.py": "",
    "tiketi_core/queue/use_cases.py": "from tiketi_core.queue import messages, model, ports",
    "tiketi_core/queue/ports.py": "import tiketi_core.queue.model",
    "tiketi_core/queue/messages.py": "from tiketi_core.kernel import ids",
    "tiketi_platform/framework/app.py": "import tiketi_sdk.contract.queue",
    "tiketi_platform/adapters/peers/queue.py": "import tiketi_sdk.client",
    "tiketi_platform/adapters/postgres/pool.py": "import asyncpg",
    "tiketi_platform/services/queue/spec.py": (
        "import tiketi_core.queue.use_cases\n"
        "import tiketi_platform.adapters.postgres.pool\n"
        "import tiketi_platform.adapters.peers.queue\n"
        "import tiketi_platform.framework.app\n"
        "import tiketi_sdk.contract.queue"
    ),
    "tiketi_platform/runtime/wiring.py": "import tiketi_platform.services.queue.spec",
    "tiketi_platform/sandbox/toss.py": "",
    "tiketi_sdk/contract/queue.py": "import pydantic",
    "tiketi_sdk/contract/auth.py": "",
    "tiketi_sdk/errors.py": "",
    "tiketi_sdk/config.py": "",
    "tiketi_sdk/codec.py": "import tiketi_sdk.errors",
    "tiketi_sdk/transport.py": "import httpx",
    "tiketi_sdk/resources/queue.py": "import tiketi_sdk.transport",
    "tiketi_sdk/client.py": "import tiketi_sdk.resources.queue",
    "tiketi_sdk/_sync/transport.py": "import httpx",
    "tiketi_sdk/_sync/resources/queue.py": "import tiketi_sdk._sync.transport",
    "tiketi_sdk/_sync/client.py": "import tiketi_sdk._sync.resources.queue",
    "tiketi_cli/app.py": "import tiketi_cli.commands.queue",
    "tiketi_cli/commands/queue/enter.py": "import tiketi_sdk.client",
    "tiketi_cli/commands/queue/leave.py": "",
    "tiketi_cli/commands/events/list.py": "",
    "tiketi_cli/commands/up.py": "import tiketi_platform.runtime.wiring",
}

# Name of the contract, where the violation is planted, the violation.
PLANTED = [
    ("The CLI drives", "tiketi_core/auth/rules.py", "import tiketi_sdk.contract.auth"),
    ("The CLI drives", "tiketi_sdk/errors.py", "import tiketi_core.kernel"),
    ("The CLI drives", "tiketi_platform/framework/app.py", "import tiketi_cli"),
    (
        "The six core slices",
        "tiketi_core/queue/rules/_room.py",
        "import tiketi_core.payment.model",
    ),
    ("The six core slices", "tiketi_core/kernel/ids.py", "import tiketi_core.payment.model"),
    ("The six core slices", "tiketi_core/helpers.py", ""),
    ("Inside a core slice", "tiketi_core/queue/model.py", "import tiketi_core.queue.ports"),
    ("Inside a core slice", "tiketi_core/queue/errors.py", "import tiketi_core.queue.model"),
    ("Inside a core slice", "tiketi_core/queue/ports.py", "import tiketi_core.queue.messages"),
    ("The core does no I/O", "tiketi_core/queue/rules/_room.py", "import time"),
    ("The core does no I/O", "tiketi_core/kernel/ids.py", "def make():\n    import uuid"),
    ("Runtime over", "tiketi_platform/framework/app.py", "import tiketi_platform.adapters.peers"),
    ("Runtime over", "tiketi_platform/services/auth/routes.py", "import tiketi_platform.sandbox"),
    ("Runtime over", "tiketi_platform/misc.py", ""),
    (
        "The services never",
        "tiketi_platform/services/auth/routes.py",
        "import tiketi_platform.services.queue.spec",
    ),
    (
        "A service sees its own",
        "tiketi_platform/services/auth/routes.py",
        "import tiketi_core.queue.model",
    ),
    ("A service sees no driver", "tiketi_platform/services/auth/routes.py", "import asyncpg"),
    ("Services and framework", "tiketi_platform/framework/app.py", "import tiketi_sdk.client"),
    ("Services and framework", "tiketi_platform/services/auth/routes.py", "import tiketi_sdk"),
    ("Of the adapters", "tiketi_platform/adapters/postgres/pool.py", "import tiketi_sdk.errors"),
    ("The SDK is layered", "tiketi_sdk/codec.py", "import tiketi_sdk.client"),
    ("The SDK is layered", "tiketi_sdk/contract/queue.py", "import tiketi_sdk.errors"),
    ("The SDK is layered", "tiketi_sdk/utils.py", ""),
    ("The generated sync twin", "tiketi_sdk/_sync/transport.py", "import tiketi_sdk._sync.client"),
    ("The contract is pure", "tiketi_sdk/contract/queue.py", "import time"),
    ("Only the SDK's transport", "tiketi_cli/app.py", "import httpx"),
    ("Only the SDK's transport", "tiketi_sdk/client.py", "import httpx"),
    ("Groups of CLI", "tiketi_cli/commands/queue/enter.py", "import tiketi_cli.commands.events"),
    (
        "CLI commands",
        "tiketi_cli/commands/queue/enter.py",
        "import tiketi_cli.commands.queue.leave",
    ),
    ("The CLI touches", "tiketi_cli/app.py", "import tiketi_platform.runtime.wiring"),
    ("The CLI touches", "tiketi_cli/commands/up.py", "import tiketi_core.kernel.ids"),
]


def _lint(folder, planted):
    """Names of the contracts that import-linter calls broken in that tree."""
    for name, text in {**CLEAN, **planted}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{CLEAN.get(name, '')}\n{text}\n", encoding="utf-8")
    for path in [p for p in folder.rglob("*") if p.is_dir()]:
        (path / "__init__.py").touch()
    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as main; main()",
            f"--config={CONFIG}",
            "--no-cache",
            "--no-logo",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "kept," in answer.stdout, answer.stdout + answer.stderr
    return re.findall(r"^(.+) BROKEN", answer.stdout, flags=re.MULTILINE)


def test_a_clean_tree_breaks_no_contract(tmp_path):
    assert _lint(tmp_path, {}) == []


@pytest.mark.parametrize(("contract", "where", "violation"), PLANTED)
def test_a_violation_is_caught(tmp_path, contract, where, violation):
    broken = _lint(tmp_path, {where: violation})
    assert [name for name in broken if name.startswith(contract)]


def test_every_contract_has_a_violation_planted():
    contracts = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    names = [contract["name"] for contract in contracts]
    assert [n for n in names if not any(n.startswith(start) for start, _, _ in PLANTED)] == []
