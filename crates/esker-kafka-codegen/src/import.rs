//! Takes from a full descriptor the facts that a codec needs, without its prose.

use crate::parse::{RawField, RawMessage, strip_comments};
use std::fmt::Write as _;

/// API keys of the KRaft quorum and of broker registration, which no client listener of Esker serves, and of
/// telemetry, which is not advertised.
const NOT_SERVED: [i16; 20] = [4, 5, 6, 7, 52, 53, 54, 56, 58, 59, 62, 63, 67, 70, 71, 72, 73, 80, 81, 82];

/// Structures inside other bytes that Esker reads or writes.
const DATA: [&str; 4] =
    ["ConsumerProtocolSubscription", "ConsumerProtocolAssignment", "EndTxnMarker", "ControlRecordTypeSchema"];

/// Whether the codec carries this message.
///
/// # Errors
/// The text is no descriptor.
pub fn is_served(text: &str) -> Result<bool, String> {
    let raw: RawMessage = serde_json::from_str(&strip_comments(text)).map_err(|e| e.to_string())?;
    Ok(match raw.kind.as_str() {
        "request" | "response" => raw.api_key.is_some_and(|key| !NOT_SERVED.contains(&key)),
        "header" | "coordinator-key" | "coordinator-value" => true,
        _ => DATA.contains(&raw.name.as_str()),
    })
}

/// The message's name, and its facts as JSON with one field per line.
///
/// # Errors
/// The text is no descriptor.
pub fn facts(text: &str) -> Result<(String, String), String> {
    let raw: RawMessage = serde_json::from_str(&strip_comments(text)).map_err(|e| e.to_string())?;
    let mut head = vec![pair("name", &raw.name), pair("type", &raw.kind)];
    head.extend(raw.api_key.map(|k| format!("\"apiKey\": {k}")));
    head.push(pair("validVersions", &raw.valid_versions));
    head.extend(raw.flexible_versions.as_deref().map(|v| pair("flexibleVersions", v)));
    head.extend(
        (raw.latest_version_unstable == Some(true)).then(|| "\"latestVersionUnstable\": true".to_owned()),
    );
    let mut out = format!("{{\n  {},\n  \"fields\": [", head.join(", "));
    fields(&raw.fields, 4, &mut out);
    out.push_str("  ]");
    if !raw.common_structs.is_empty() {
        out.push_str(",\n  \"commonStructs\": [");
        for (i, s) in raw.common_structs.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            let (name, versions) = (pair("name", &s.name), pair("versions", &s.versions));
            let _ = write!(out, "{comma}\n    {{{name}, {versions}, \"fields\": [");
            fields(&s.fields, 6, &mut out);
            out.push_str("    ]}");
        }
        out.push_str("\n  ]");
    }
    out.push_str("\n}\n");
    Ok((raw.name, out))
}

fn fields(list: &[RawField], indent: usize, out: &mut String) {
    for (i, f) in list.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        let mut facts = vec![pair("name", &f.name), pair("type", &f.ty)];
        facts.extend(f.versions.as_deref().map(|v| pair("versions", v)));
        facts.extend(f.nullable_versions.as_deref().map(|v| pair("nullableVersions", v)));
        facts.extend(f.tag.map(|t| format!("\"tag\": {t}")));
        facts.extend(f.tagged_versions.as_deref().map(|v| pair("taggedVersions", v)));
        facts.extend(f.flexible_versions.as_deref().map(|v| pair("flexibleVersions", v)));
        facts.extend(f.default_text().map(|d| pair("default", &d)));
        facts.extend(f.ignorable.then(|| "\"ignorable\": true".to_owned()));
        let _ = write!(out, "{comma}\n{:indent$}{{{}", "", facts.join(", "));
        if !f.fields.is_empty() {
            out.push_str(", \"fields\": [");
            fields(&f.fields, indent + 2, out);
            let _ = write!(out, "{:indent$}]", "");
        }
        out.push('}');
    }
    out.push('\n');
}

fn pair(key: &str, value: &str) -> String {
    format!("\"{key}\": {}", serde_json::Value::from(value))
}
