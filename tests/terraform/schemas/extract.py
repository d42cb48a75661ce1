#!/usr/bin/env python3
"""extract.py: the schemas of Terraform providers, as far as terraform/ uses them, from the bindings that were generated from them.

The providers themselves are binaries from registries that not every machine reaches. Their schemas are also in the npm packages
@cdktf/provider-*: each attribute's name and type, and whether it is required, can be set, or can only be read. This fetches the packages that
`PACKAGES` names, reads what `USED` names out of them, and writes NAME.json beside itself. Run it after a change of either:

    tests/terraform/schemas/extract.py
"""

import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
# azurerm is asked itself: from_provider.py.
PACKAGES = {"aws": "21.22.1", "google": "16.12.1", "helm": "12.1.2"}
# Folders of the packages; `data-` is a data source, the rest are resources.
USED = {
    "aws": """s3-bucket s3-bucket-public-access-block s3-bucket-ownership-controls s3-bucket-versioning s3-bucket-policy
        s3-bucket-server-side-encryption-configuration s3-bucket-lifecycle-configuration iam-role iam-role-policy
        eks-pod-identity-association data-aws-eks-cluster data-aws-iam-openid-connect-provider""",
    "google": """storage-bucket storage-bucket-iam-member service-account service-account-iam-member project-iam-custom-role
        data-google-container-cluster data-google-client-config""",
    "azurerm": """storage-account storage-container storage-management-policy user-assigned-identity
        federated-identity-credential role-definition role-assignment data-azurerm-kubernetes-cluster""",
    "helm": "release",
}
SIMPLE = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}


def cty(storage: str):
    """A storageClassType that is not one of the package's own structures."""
    for name, simple in SIMPLE.items():
        if storage == name:
            return simple
        for kind in ("List", "Set", "Map"):
            if storage == name + kind:
                return [kind.lower(), simple]
        if storage == name + "MapList":
            return ["list", ["map", simple]]
    raise SystemExit(f"unknown type {storage!r}")


class Folder:
    """One resource, data source or provider of a package."""

    def __init__(self, files: dict[str, str]):
        js = "\n".join(text for name, text in sorted(files.items()) if name.endswith(".js"))
        ts = "\n".join(text for name, text in sorted(files.items()) if name.endswith(".d.ts"))
        self.classes = dict(re.findall(r"^class (\w+) extends (cdktf\.\w+ \{.*?^\})", js, re.M | re.S))
        self.hcl = dict(re.findall(r"^function (\w+)ToHclTerraform\(struct\) \{(.*?)^\}", js, re.M | re.S))
        self.interfaces = dict(re.findall(r"^export interface (\w+) [^{]*\{(.*?)^\}", ts, re.M | re.S))
        self.type = re.search(r"terraformResourceType: '(\w+)'", js)[1]
        self.version = re.search(r"providerVersion: '([\d.]+)'", js)[1]
        self.top = next(name for name, body in self.classes.items() if re.match(r"cdktf\.Terraform(Resource|DataSource|Provider)", body))

    def settable(self, interface: str) -> dict:
        """What a configuration may set: name to (required, is a block)."""
        found = {}
        for comment, optional, kind in re.findall(r"/\*\*(.*?)\*/\s*readonly \w+(\??): ([^;]*);", self.interfaces.get(interface, ""), re.S):
            name = re.search(r"#(\w+) \w+#\w+\}", comment)[1]
            found[name] = (not optional, re.search(rf"\* {name} block\s", comment) is not None)
        return found

    def block(self, cls: str, interface: str, hcl: str | None) -> dict:
        body = self.classes.get(cls, "")
        settable, attributes, blocks = self.settable(interface), {}, {}
        storage = {}
        text = self.hcl.get(hcl, "") if hcl else body[body.find("synthesizeHclAttributes"):]
        for name, kind, stored in re.findall(
                r"(\w+): \{\s*value: [^\n]*\n\s*isBlock: \w+,\s*type: \"(\w+)\",\s*storageClassType: \"(\w+)\"", text):
            storage[name] = (kind, stored)
        # What can only be read is in the class alone: a field of a class of its own, or a function that gets it.
        fields = {made[2]: made for made in re.finditer(r"= new (?:\w+\.)?(\w+)\(this, \"(\w+)\"(?:, (true|false))?\)", body)}
        gets = {got[3]: got for got in re.finditer(r"return (cdktf\.Fn\.tolist\()?this\.get(\w*)Attribute\('(\w+)'\)", body)}
        for name in sorted({*settable, *fields, *gets}):
            if interface == self.provider_config and name == "alias":
                continue
            required, is_block = settable.get(name, (False, False))
            made, got = fields.get(name), gets.get(name)
            kind, stored = storage.get(name, (None, None))
            structure = None
            if stored and stored[0].isupper():
                structure = stored.removesuffix("List").removesuffix("Map") if kind != "struct" else stored
                if structure + "OutputReference" not in self.classes and stored + "OutputReference" in self.classes:
                    structure = stored
            elif not stored and made and made[1] not in ("StringMap", "NumberMap", "BooleanMap", "AnyMap", "StringMapList"):
                structure = re.sub(r"(List|OutputReference)$", "", made[1])
            if structure:
                single = kind == "struct" or (kind is None and made and made[1].endswith("OutputReference"))
                alone = single or (made and made[1].endswith("OutputReference"))
                nesting = "single" if single else kind or ("set" if made and made[3] == "true" else "list")
                lower = structure[0].lower() + structure[1:]
                entry = {"nesting": nesting, "block": self.block(structure + "OutputReference", structure, lower)}
                if is_block:
                    if alone and not single:
                        entry["max"] = 1
                    if required:
                        entry["min"] = 1
                    blocks[name] = entry
                    continue
                attribute = {"nested": entry}
            elif stored:
                kinds = cty(stored)
                attribute = {"type": ["set", kinds[1]] if kind == "set" else kinds}
            elif made:
                attribute = {"type": ["map", {"StringMap": "string", "BooleanMap": "bool", "NumberMap": "number"}[made[1]]]}
            else:
                simple = {"String": "string", "Number": "number", "Boolean": "bool", "List": ["list", "string"],
                          "NumberList": ["list", "number"], "StringMap": ["map", "string"], "BooleanMap": ["map", "bool"]}[got[2]]
                attribute = {"type": ["set", simple[1]] if got[1] else simple}
            attribute["is"] = "required" if required else "optional" if name in settable else "computed"
            attributes[name] = attribute
        return {"attributes": attributes, "blocks": blocks}

    provider_config = ""

    def schema(self) -> dict:
        if self.classes[self.top].startswith("cdktf.TerraformProvider"):
            self.provider_config = f"{self.top}Config"
        return self.block(self.top, f"{self.top}Config", None)


def lines(value, depth: int, indent: str = "") -> str:
    """JSON, with a line for each attribute and each block of a resource."""
    if not depth or not isinstance(value, dict) or not value or "type" in value:
        return json.dumps(value)
    deeper = indent + " "
    inner = (f"{deeper}{json.dumps(key)}: {lines(inside, depth - (key not in ('attributes', 'blocks', 'provider')), deeper)}"
             for key, inside in value.items())
    return "{\n" + ",\n".join(inner) + f"\n{indent}}}"


def main() -> None:
    for provider, version in PACKAGES.items():
        with tempfile.TemporaryDirectory() as directory:
            packed = subprocess.run(["npm", "pack", "--silent", f"@cdktf/provider-{provider}@{version}"], cwd=directory, check=True,
                                    capture_output=True, text=True).stdout.split()[-1]
            wanted = ["provider", *USED[provider].split()]
            folders: dict[str, dict[str, str]] = {name: {} for name in wanted}
            with tarfile.open(Path(directory) / packed) as package:
                for member in package:
                    parts = member.name.split("/")
                    if parts[:2] == ["package", "lib"] and parts[2] in folders and member.name.endswith((".js", ".d.ts")):
                        folders[parts[2]]["/".join(parts[3:])] = package.extractfile(member).read().decode()
        out = {"resources": {}, "data": {}}
        for name in wanted:
            folder = Folder(folders[name])
            if name == "provider":
                out = {"source": f"hashicorp/{provider}", "version": folder.version, "from": f"@cdktf/provider-{provider} {version}",
                       "provider": folder.schema(), **out}
            else:
                out["data" if name.startswith("data-") else "resources"][folder.type] = folder.schema()
        (HERE / f"{provider}.json").write_text(lines(out, 3) + "\n")


if __name__ == "__main__":
    main()
