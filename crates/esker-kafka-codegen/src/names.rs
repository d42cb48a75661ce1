//! Names in Rust.

/// `LeaderIdAndEpoch` to `leader_id_and_epoch`.
pub(crate) fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, c) in chars.iter().enumerate() {
        if c.is_uppercase() && i > 0 {
            let after_lower = !chars[i - 1].is_uppercase();
            let before_lower = chars.get(i + 1).is_some_and(|n| n.is_lowercase());
            if after_lower || before_lower {
                out.push('_');
            }
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// A field's name: snake case, with `_` behind Rust's keywords.
pub(crate) fn field(name: &str) -> String {
    let mut out = snake(name);
    if matches!(
        out.as_str(),
        "type" | "match" | "ref" | "move" | "as" | "in" | "self" | "use" | "where" | "loop"
    ) {
        out.push('_');
    }
    out
}

/// `protocolType` to `ProtocolType`: how a field is called in error paths.
pub(crate) fn camel(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
