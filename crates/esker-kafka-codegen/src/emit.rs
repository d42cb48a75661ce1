//! One message to one Rust module.

use crate::model::{Descriptor, Field, Kind, Struct, Type, Versions};
use crate::names::{self, camel, snake};
use std::fmt::Write as _;

/// Names that the modules import, so no structure may carry them.
const RESERVED: [&str; 12] = [
    "ApiKey",
    "Bytes",
    "CoordinatorKey",
    "DecodeError",
    "EncodeError",
    "KString",
    "Message",
    "Reader",
    "Records",
    "Uuid",
    "Wire",
    "Writer",
];

pub(crate) fn message(d: &Descriptor) -> Result<String, String> {
    let mut out = format!(
        "//! `{}`: versions {}, flexible {}. Generated from `proto/kafka/{}.json`, not to be edited.\n\n\
         use crate::codec::*;\n",
        d.name,
        d.valid,
        d.flexible.and(d.valid),
        d.name
    );
    for s in &d.structs {
        if RESERVED.contains(&s.name.as_str()) {
            return Err(format!("structure name {} is taken", s.name));
        }
        declaration(d, s, &mut out)?;
        wire(d, s, &mut out)?;
    }
    message_impl(d, &mut out)?;
    Ok(out)
}

/// The type in Rust of a value that is present.
fn rust_type(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".into(),
        Type::I8 => "i8".into(),
        Type::I16 => "i16".into(),
        Type::U16 => "u16".into(),
        Type::I32 => "i32".into(),
        Type::I64 => "i64".into(),
        Type::F64 => "f64".into(),
        Type::Str => "KString".into(),
        Type::Bytes => "Bytes".into(),
        Type::Records => "Records".into(),
        Type::Uuid => "Uuid".into(),
        Type::Struct(name) => name.clone(),
        Type::Array(inner) => format!("Vec<{}>", rust_type(inner)),
    }
}

fn field_type(f: &Field) -> String {
    let plain = rust_type(&f.ty);
    if f.optional() { format!("Option<{plain}>") } else { plain }
}

/// The default as an expression, and whether it is `Default::default()`.
fn default(f: &Field) -> Result<(String, bool), String> {
    let text = f.default.as_deref().unwrap_or("");
    let bad = || format!("{}: default {text:?}", f.name);
    if f.null_default() {
        return if f.optional() { Ok(("None".into(), true)) } else { Err(bad()) };
    }
    let plain = match &f.ty {
        Type::Bool if text == "true" => ("true".to_owned(), false),
        Type::Bool if text.is_empty() || text == "false" => ("false".to_owned(), true),
        Type::I8 | Type::I16 | Type::U16 | Type::I32 | Type::I64 => {
            let number = match text.strip_prefix("0x") {
                Some(hex) => i64::from_str_radix(hex, 16).map_err(|_| bad())?,
                None if text.is_empty() => 0,
                None => text.parse().map_err(|_| bad())?,
            };
            (number.to_string(), number == 0)
        }
        Type::F64 if text.is_empty() => ("0.0".to_owned(), true),
        Type::Uuid if text.is_empty() => ("Uuid::nil()".to_owned(), true),
        Type::Array(_) if text.is_empty() => ("Vec::new()".to_owned(), true),
        other if text.is_empty() => (format!("{}::default()", rust_type(other)), true),
        _ => return Err(bad()),
    };
    Ok(if f.optional() { (format!("Some({})", plain.0), false) } else { plain })
}

/// An expression that is true when the field holds something other than its default.
fn differs(f: &Field) -> Result<String, String> {
    let x = format!("self.{}", names::field(&f.name));
    if f.optional() {
        return Ok(match (&f.ty, f.null_default()) {
            (_, true) => format!("{x}.is_some()"),
            (Type::Struct(name), false) => format!("{x}.as_ref() != Some(&{name}::default())"),
            (_, false) => format!("{x}.as_ref().is_none_or(|x| !x.is_empty())"),
        });
    }
    let (value, _) = default(f)?;
    Ok(match &f.ty {
        Type::Bool if value == "true" => format!("!{x}"),
        Type::Bool => x,
        Type::Str | Type::Bytes | Type::Records | Type::Array(_) => format!("!{x}.is_empty()"),
        Type::Uuid => format!("!{x}.is_nil()"),
        _ => format!("{x} != {value}"),
    })
}

/// The condition on `v` for a range, inside a structure that occurs only in `within`.
fn condition(range: Versions, within: Versions) -> String {
    match (range.min > within.min, range.max < within.max) {
        _ if range.and(within).is_empty() => "false".into(),
        (false, false) => "true".into(),
        (true, false) => format!("v >= {}", range.min),
        (false, true) => format!("v <= {}", range.max),
        (true, true) => format!("({}..={}).contains(&v)", range.min, range.max),
    }
}

fn declaration(d: &Descriptor, s: &Struct, out: &mut String) -> Result<(), String> {
    let defaults: Vec<(String, bool)> = s.fields.iter().map(default).collect::<Result<_, _>>()?;
    let derived = defaults.iter().all(|(_, plain)| *plain);
    let derive = if derived { ", Default" } else { "" };
    let what = if s.name == d.name { "message" } else { "structure" };
    let _ = write!(out, "\n/// `{}`: a {what} of versions {}.\n", s.path, s.versions);
    let _ = writeln!(out, "#[derive(Debug, Clone, PartialEq{derive})]\npub struct {} {{", s.name);
    for f in &s.fields {
        let _ = writeln!(out, "    /// {}", field_doc(f));
        let _ = writeln!(out, "    pub {}: {},", names::field(&f.name), field_type(f));
    }
    out.push_str("}\n");
    if !derived {
        let _ =
            writeln!(out, "\nimpl Default for {} {{\n    fn default() -> Self {{\n        Self {{", s.name);
        for (f, (value, _)) in s.fields.iter().zip(&defaults) {
            let _ = writeln!(out, "            {}: {value},", names::field(&f.name));
        }
        out.push_str("        }\n    }\n}\n");
    }
    Ok(())
}

fn field_doc(f: &Field) -> String {
    let mut doc = format!("Versions {}", f.versions);
    if f.optional() {
        let _ = write!(doc, ", null in {}", f.nullable);
    }
    if let Some(tag) = f.tag {
        let _ = write!(doc, ", tag {tag}");
    }
    if let Some(default) = f.default.as_deref().filter(|d| !d.is_empty()) {
        let _ = write!(doc, ", default {default}");
    }
    doc + if f.ignorable { ", ignorable." } else { "." }
}

/// Reading and writing.
fn wire(d: &Descriptor, s: &Struct, out: &mut String) -> Result<(), String> {
    let min = s.versions.iter().map(|v| d.min_struct_size(s, v)).min().unwrap_or(0);
    let read = read_body(d, s);
    let write = write_body(d, s)?;
    let _ = writeln!(out, "\nimpl Wire for {} {{\n    const MIN: usize = {min};\n", s.name);
    out.push_str("    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {\n");
    out.push_str(if uses_version(&read) { "        let v = r.version();\n" } else { "" });
    out.push_str(&read);
    out.push_str(
        "    }\n\n    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {\n",
    );
    out.push_str(if uses_version(&write) { "        let v = w.version();\n" } else { "" });
    out.push_str(&write);
    out.push_str("    }\n}\n");
    Ok(())
}

fn uses_version(body: &str) -> bool {
    body.contains("v >= ") || body.contains("v <= ") || body.contains("contains(&v)")
}

fn path(s: &Struct, f: &Field) -> String {
    format!("\"{}.{}\"", s.path, camel(&f.name))
}

fn read_value(s: &Struct, f: &Field) -> String {
    let (path, nullable) = (path(s, f), condition(f.nullable, f.versions));
    match (f.optional(), f.classic_string) {
        _ if nullable_tagged_struct(f) => format!("r.tagged_struct({path})?"),
        (true, true) => format!("r.classic_string({path})?"),
        (true, false) => format!("r.nullable({nullable}, {path})?"),
        _ => format!("Wire::read(r, {path})?"),
    }
}

/// These say null with a varint, where untagged ones do with a signed byte.
fn nullable_tagged_struct(f: &Field) -> bool {
    f.tag.is_some() && f.optional() && matches!(f.ty, Type::Struct(_))
}

fn read_body(d: &Descriptor, s: &Struct) -> String {
    let mut out = String::new();
    let mutable = if s.fields.is_empty() { "" } else { "mut " };
    let _ = writeln!(out, "        let {mutable}m = Self::default();");
    for f in s.fields.iter().filter(|f| f.tag.is_none()) {
        let assign = format!("m.{} = {};", names::field(&f.name), read_value(s, f));
        match condition(f.versions, s.versions).as_str() {
            "true" => {
                let _ = writeln!(out, "        {assign}");
            }
            "false" => {}
            cond => {
                let _ = writeln!(out, "        if {cond} {{ {assign} }}");
            }
        }
    }
    let tagged: Vec<&Field> = s.fields.iter().filter(|f| f.tag.is_some()).collect();
    if !tagged.is_empty() {
        let _ = writeln!(out, "        r.tagged(\"{}\", &mut |r, tag| {{\n            match tag {{", s.path);
        for f in tagged {
            let cond = condition(f.versions, s.versions.and(d.flexible));
            let guard = if cond == "true" { String::new() } else { format!(" if {cond}") };
            let (tag, name) = (f.tag.unwrap_or_default(), names::field(&f.name));
            let _ = writeln!(out, "                {tag}{guard} => m.{name} = {},", read_value(s, f));
        }
        out.push_str(
            "                _ => return Ok(false),\n            }\n            Ok(true)\n        })?;\n",
        );
    } else if !d.flexible.and(s.versions).is_empty() {
        let _ = writeln!(out, "        r.skip_tagged(\"{}\")?;", s.path);
    }
    out.push_str("        Ok(m)\n");
    out
}

fn write_value(s: &Struct, f: &Field) -> String {
    let (path, name, nullable) = (path(s, f), names::field(&f.name), condition(f.nullable, f.versions));
    match (f.optional(), f.classic_string) {
        _ if nullable_tagged_struct(f) => format!("w.tagged_struct(self.{name}.as_ref(), {path})?;"),
        (true, true) => format!("w.classic_string(self.{name}.as_ref(), {path})?;"),
        (true, false) => format!("w.nullable(self.{name}.as_ref(), {nullable}, {path})?;"),
        _ => format!("self.{name}.write(w, {path})?;"),
    }
}

fn write_body(d: &Descriptor, s: &Struct) -> Result<String, String> {
    let mut out = String::new();
    for f in s.fields.iter().filter(|f| f.tag.is_none()) {
        let write = write_value(s, f);
        let lost = format!("if {} {{ return w.lacks({}); }}", differs(f)?, path(s, f));
        let line = match (condition(f.versions, s.versions).as_str(), f.ignorable) {
            ("true", _) => write,
            ("false", true) => continue,
            ("false", false) => lost,
            (cond, true) => format!("if {cond} {{ {write} }}"),
            (cond, false) => format!("if {cond} {{ {write} }} else {lost}"),
        };
        let _ = writeln!(out, "        {line}");
    }
    let mut tagged: Vec<&Field> = s.fields.iter().filter(|f| f.tag.is_some()).collect();
    tagged.sort_by_key(|f| f.tag);
    let mut count = Vec::new();
    for f in &tagged {
        let name = format!("tag{}", f.tag.unwrap_or_default());
        let (cond, differs) = (condition(f.versions, s.versions), differs(f)?);
        if !f.ignorable && cond != "true" {
            let _ = writeln!(out, "        if !({cond}) && {differs} {{ return w.lacks({}); }}", path(s, f));
        }
        let present = if cond == "true" { differs } else { format!("{cond} && {differs}") };
        let _ = writeln!(out, "        let {name} = {present};");
        count.push(format!("u32::from({name})"));
    }
    if !d.flexible.and(s.versions).is_empty() {
        let sum = if count.is_empty() { "0".to_owned() } else { count.join(" + ") };
        let _ = writeln!(out, "        w.tag_count({sum});");
    }
    for f in &tagged {
        let tag = f.tag.unwrap_or_default();
        let write = write_value(s, f);
        let _ = writeln!(out, "        if tag{tag} {{\n            let start = w.begin_tag({tag});");
        let _ = writeln!(out, "            {write}\n            w.end_tag(start);\n        }}");
    }
    out.push_str("        Ok(())\n");
    Ok(out)
}

fn message_impl(d: &Descriptor, out: &mut String) -> Result<(), String> {
    let flexible = d.flexible.and(d.valid);
    let from = if flexible.is_empty() { "i16::MAX".to_owned() } else { flexible.min.to_string() };
    if !flexible.is_empty() && flexible.max != d.valid.max {
        return Err("flexible versions that end".to_owned());
    }
    let _ = write!(
        out,
        "\nimpl Message for {0} {{\n    const NAME: &'static str = \"{0}\";\n    \
         const MIN_VERSION: i16 = {1};\n    const MAX_VERSION: i16 = {2};\n    \
         const FLEXIBLE_FROM: i16 = {from};\n}}\n",
        d.name, d.valid.min, d.valid.max
    );
    let key = d.name.trim_end_matches("Request").trim_end_matches("Response");
    match d.kind {
        Kind::Request => {
            let _ = write!(
                out,
                "\nimpl Request for {} {{\n    const KEY: ApiKey = ApiKey::{key};\n    \
                 type Response = super::{}_response::{key}Response;\n}}\n",
                d.name,
                snake(key)
            );
        }
        Kind::Response => {
            let _ = write!(
                out,
                "\nimpl Response for {} {{\n    const KEY: ApiKey = ApiKey::{key};\n}}\n",
                d.name
            );
        }
        Kind::CoordinatorKey => {
            let id = d.api_key.ok_or("a coordinator key without type")?;
            let _ = write!(
                out,
                "\nimpl CoordinatorKey for {} {{\n    const RECORD_TYPE: i16 = {id};\n}}\n",
                d.name
            );
        }
        Kind::Header | Kind::Data | Kind::CoordinatorValue => {}
    }
    Ok(())
}
