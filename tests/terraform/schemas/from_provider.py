#!/usr/bin/env python3
"""from_provider.py NAME BINARY VERSION FROM: the schema of a Terraform provider that could be had, asked of the provider itself.

The same file as `extract.py` writes, for the same resources, and truer: what blocks there may be how often is in it. azurerm's source is a Go
module; building it takes half an hour of two cores and a gigabyte for the binary and what it is built of, so it is not part of `make terraform`:

    tests/terraform/schemas/from_provider.py azurerm terraform-provider-azurerm 5.2.0 "the provider itself, built of commit fae580791926"
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from extract import HERE, USED, lines

TOOLS = HERE.parents[2] / ".tools"


def is_(attribute: dict) -> str:
    return "required" if attribute.get("required") else "optional" if attribute.get("optional") else "computed"


def block(found: dict) -> dict:
    attributes = {}
    for name, attribute in found.get("attributes", {}).items():
        if "nested_type" in attribute:
            inner = attribute["nested_type"]
            entry = {"nested": {"nesting": inner["nesting_mode"], "block": block({"attributes": inner["attributes"]})}}
        else:
            entry = {"type": attribute["type"]}
        attributes[name] = {**entry, "is": is_(attribute)}
    blocks = {}
    for name, inner in found.get("block_types", {}).items():
        entry = {"nesting": inner["nesting_mode"], "block": block(inner["block"])}
        blocks[name] = entry | {key: inner[f"{key}_items"] for key in ("min", "max") if inner.get(f"{key}_items")}
    return {"attributes": attributes, "blocks": blocks}


def ask(name: str, binary: Path) -> dict:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        (root / "bin").mkdir()
        (root / "bin" / f"terraform-provider-{name}").symlink_to(binary.resolve())
        (root / "tofurc").write_text(f'provider_installation {{\n  dev_overrides {{\n    "hashicorp/{name}" = "{root / "bin"}"\n  }}\n}}\n')
        (root / "main.tf").write_text(f'terraform {{\n  required_providers {{\n    {name} = {{ source = "hashicorp/{name}" }}\n  }}\n}}\n')
        tofu = max(TOOLS.glob("tofu-*/tofu"))
        environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(root / "tofurc"), "CHECKPOINT_DISABLE": "1"}
        answer = subprocess.run([tofu, "providers", "schema", "-json"], cwd=root, env=environment, check=True, capture_output=True, text=True)
    (schema,) = json.loads(answer.stdout)["provider_schemas"].values()
    return schema


def main() -> None:
    name, binary, version, source = sys.argv[1:]
    found = ask(name, Path(binary))
    out = {"source": f"hashicorp/{name}", "version": version, "from": source, "provider": block(found["provider"]["block"]), "resources": {}, "data": {}}
    for used in USED[name].split():
        data = used.startswith("data-")
        kind = used.removeprefix("data-").removeprefix(f"{name}-").replace("-", "_")
        schemas = found["data_source_schemas" if data else "resource_schemas"]
        out["data" if data else "resources"][f"{name}_{kind}"] = block(schemas[f"{name}_{kind}"]["block"])
    (HERE / f"{name}.json").write_text(lines(out, 3) + "\n")


if __name__ == "__main__":
    main()
