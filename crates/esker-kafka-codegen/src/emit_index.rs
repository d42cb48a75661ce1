//! The module list and the table of APIs.

use crate::model::{Descriptor, Kind};
use crate::names::snake;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// `mod.rs`: modules, re-exports, and a macro that names every message for tests and fuzzers.
pub(crate) fn modules(all: &[Descriptor]) -> Result<String, String> {
    let mut out = String::from(
        "//! Messages of the Kafka protocol, one module each. Generated from `proto/kafka`, not to be edited.\n\n\
         #![allow(clippy::all, unused_imports)]\n\npub(crate) mod api_key;\n",
    );
    for d in all {
        let _ = writeln!(out, "pub mod {};", snake(&d.name));
    }
    out.push('\n');
    for d in all {
        let _ = writeln!(out, "pub use {}::{};", snake(&d.name), d.name);
    }
    out.push_str(
        "\n/// Calls a macro with the name of every message: `apis: [(Key, Request, Response), ...]` and \
         `others: [Name, ...]`.\n#[doc(hidden)]\n#[macro_export]\n\
         macro_rules! for_each_message {\n    ($callback:ident) => {\n        $callback! {\n            apis: [\n",
    );
    for (name, _, _) in apis(all)?.values() {
        let _ = writeln!(out, "                ({name}, {name}Request, {name}Response),");
    }
    out.push_str("            ]\n            others: [\n");
    for d in all.iter().filter(|d| !matches!(d.kind, Kind::Request | Kind::Response)) {
        let _ = writeln!(out, "                {},", d.name);
    }
    out.push_str("            ]\n        }\n    };\n}\n");
    Ok(out)
}

type Api<'a> = (String, &'a Descriptor, &'a Descriptor);

/// API key to name, request and response, after checking that the two belong together.
fn apis(all: &[Descriptor]) -> Result<BTreeMap<i16, Api<'_>>, String> {
    let mut out = BTreeMap::new();
    for request in all.iter().filter(|d| d.kind == Kind::Request) {
        let key = request.api_key.ok_or_else(|| format!("{}: no API key", request.name))?;
        let name = request.name.trim_end_matches("Request").to_owned();
        let response = all
            .iter()
            .find(|d| d.kind == Kind::Response && d.api_key == Some(key))
            .ok_or_else(|| format!("{name}: no response"))?;
        let same = response.name.trim_end_matches("Response") == name
            && response.valid == request.valid
            && response.flexible.and(response.valid) == request.flexible.and(request.valid);
        if !same || out.insert(key, (name, request, response)).is_some() {
            return Err(format!("{}: request and response do not fit", request.name));
        }
    }
    Ok(out)
}

/// `api_key.rs`: the enum and its facts.
pub(crate) fn api_keys(all: &[Descriptor]) -> Result<String, String> {
    let apis = apis(all)?;
    let mut out = String::from(
        "//! The table of APIs. Generated from `proto/kafka`, not to be edited.\n\nuse crate::api_key::ApiInfo;\n\n\
         /// An API that the codec carries. The discriminant is the key on the wire.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]\n#[repr(i16)]\npub enum ApiKey {\n",
    );
    for (key, (name, request, _)) in &apis {
        let _ = writeln!(out, "    /// Versions {}.\n    {name} = {key},", request.valid);
    }
    out.push_str(
        "}\n\nimpl ApiKey {\n    /// Every API, by key.\n    pub const ALL: &'static [ApiKey] = &[\n",
    );
    for (name, ..) in apis.values() {
        let _ = writeln!(out, "        ApiKey::{name},");
    }
    out.push_str(
        "    ];\n\n    /// The API with that key on the wire, if the codec carries it.\n    \
         pub fn from_code(code: i16) -> Option<ApiKey> {\n        Some(match code {\n",
    );
    for (key, (name, ..)) in &apis {
        let _ = writeln!(out, "            {key} => ApiKey::{name},");
    }
    out.push_str(
        "            _ => return None,\n        })\n    }\n\n    \
         pub(crate) fn info(self) -> ApiInfo {\n        match self {\n",
    );
    for (name, request, _) in apis.values() {
        let flexible = request.flexible.and(request.valid);
        let flexible = if flexible.is_empty() { "i16::MAX".to_owned() } else { flexible.min.to_string() };
        let (min, max) = (request.valid.min, request.valid.max);
        let stable = if request.latest_unstable { max - 1 } else { max };
        let _ = writeln!(
            out,
            "            ApiKey::{name} => ApiInfo::new(\"{name}\", {min}, {max}, {stable}, {flexible}),"
        );
    }
    out.push_str("        }\n    }\n}\n");
    Ok(out)
}
