//! From descriptor text to the model.

use crate::model::{Descriptor, Field, Kind, Struct, Type, Versions};
use crate::names::camel;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawMessage {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) api_key: Option<i16>,
    pub(crate) valid_versions: String,
    pub(crate) flexible_versions: Option<String>,
    pub(crate) latest_version_unstable: Option<bool>,
    #[serde(default)]
    pub(crate) fields: Vec<RawField>,
    #[serde(default)]
    pub(crate) common_structs: Vec<RawStruct>,
}

#[derive(Deserialize)]
pub(crate) struct RawStruct {
    pub(crate) name: String,
    pub(crate) versions: String,
    pub(crate) fields: Vec<RawField>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawField {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) ty: String,
    pub(crate) versions: Option<String>,
    pub(crate) nullable_versions: Option<String>,
    pub(crate) tag: Option<u32>,
    pub(crate) tagged_versions: Option<String>,
    pub(crate) flexible_versions: Option<String>,
    #[serde(default)]
    pub(crate) ignorable: bool,
    pub(crate) default: Option<serde_json::Value>,
    #[serde(default)]
    pub(crate) fields: Vec<RawField>,
}

impl RawField {
    pub(crate) fn default_text(&self) -> Option<String> {
        self.default.as_ref().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
    }
}

/// Removes `//` comments that stand outside of strings.
pub fn strip_comments(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let (mut quoted, mut previous, mut end) = (false, ' ', line.len());
        for (i, c) in line.char_indices() {
            match c {
                '"' => quoted = !quoted,
                '/' if previous == '/' && !quoted => {
                    end = i - 1;
                    break;
                }
                _ => {}
            }
            previous = c;
        }
        out.push_str(&line[..end]);
        out.push('\n');
    }
    out
}

/// Parses one descriptor and checks what the generator relies on.
///
/// # Errors
/// A message that says what is not understood.
pub fn parse(text: &str) -> Result<Descriptor, String> {
    let raw: RawMessage = serde_json::from_str(&strip_comments(text)).map_err(|e| e.to_string())?;
    let kind = match raw.kind.as_str() {
        "request" => Kind::Request,
        "response" => Kind::Response,
        "header" => Kind::Header,
        "data" => Kind::Data,
        "coordinator-key" => Kind::CoordinatorKey,
        "coordinator-value" => Kind::CoordinatorValue,
        other => return Err(format!("kind {other:?}")),
    };
    let valid = versions(&raw.valid_versions)?;
    if valid.is_empty() || valid.max == i16::MAX {
        return Err(format!("valid versions {valid}"));
    }
    let mut structs = Vec::new();
    collect(&raw.name, &raw.name, valid, &raw.fields, &mut structs)?;
    for common in &raw.common_structs {
        let path = format!("{}.{}", raw.name, common.name);
        let within = versions(&common.versions)?.and(valid);
        collect(&common.name, &path, within, &common.fields, &mut structs)?;
    }
    let flexible = versions(raw.flexible_versions.as_deref().unwrap_or("none"))?;
    let latest_unstable = raw.latest_version_unstable.unwrap_or(false);
    let d =
        Descriptor { name: raw.name, kind, api_key: raw.api_key, valid, flexible, latest_unstable, structs };
    check(&d)?;
    Ok(d)
}

/// Adds the structure and those declared inside it.
fn collect(
    name: &str,
    path: &str,
    within: Versions,
    raw: &[RawField],
    out: &mut Vec<Struct>,
) -> Result<(), String> {
    if out.iter().any(|s| s.name == name) {
        return Err(format!("two structures named {name}"));
    }
    let mut nested = Vec::new();
    let mut fields = Vec::new();
    for f in raw {
        let field = field(f, within).map_err(|e| format!("{path}.{}: {e}", f.name))?;
        if !f.fields.is_empty() {
            let inner = field.ty.struct_name().ok_or("fields in a field that is no structure")?;
            nested.push((inner.to_owned(), format!("{path}.{}", camel(&f.name)), field.versions, &f.fields));
        }
        fields.push(field);
    }
    out.push(Struct { name: name.to_owned(), path: path.to_owned(), versions: within, fields });
    for (name, path, within, fields) in nested {
        collect(&name, &path, within, fields, out)?;
    }
    Ok(())
}

fn field(raw: &RawField, within: Versions) -> Result<Field, String> {
    let tagged = raw.tagged_versions.as_deref().map(versions).transpose()?;
    let declared = match (&raw.versions, tagged) {
        (Some(text), _) => versions(text)?,
        (None, Some(tagged)) => tagged,
        (None, None) => return Err("no versions".to_owned()),
    };
    let nullable = versions(raw.nullable_versions.as_deref().unwrap_or("none"))?;
    let ty = ty(&raw.ty)?;
    if tagged.is_some() != raw.tag.is_some() {
        return Err("tag without tagged versions, or the other way round".to_owned());
    }
    if tagged.is_some_and(|t| t.and(within) != declared.and(within)) {
        return Err("tagged in some versions only".to_owned());
    }
    let classic_string = match raw.flexible_versions.as_deref() {
        None => false,
        Some("none") if ty == Type::Str => true,
        Some(other) => return Err(format!("flexible versions {other}")),
    };
    Ok(Field {
        name: raw.name.clone(),
        ty,
        versions: declared.and(within),
        nullable: nullable.and(declared).and(within),
        tag: raw.tag,
        ignorable: raw.ignorable,
        default: raw.default_text(),
        classic_string,
    })
}

fn ty(text: &str) -> Result<Type, String> {
    Ok(match text {
        "bool" => Type::Bool,
        "int8" => Type::I8,
        "int16" => Type::I16,
        "uint16" => Type::U16,
        "int32" => Type::I32,
        "int64" => Type::I64,
        "float64" => Type::F64,
        "string" => Type::Str,
        "bytes" => Type::Bytes,
        "records" => Type::Records,
        "uuid" => Type::Uuid,
        _ => match text.strip_prefix("[]") {
            Some(inner) => Type::Array(Box::new(ty(inner)?)),
            None if text.starts_with(|c: char| c.is_ascii_uppercase()) => Type::Struct(text.to_owned()),
            None => return Err(format!("type {text:?}")),
        },
    })
}

/// `"3-5"`, `"3+"`, `"3"` or `"none"`.
fn versions(text: &str) -> Result<Versions, String> {
    let number = |s: &str| s.parse::<i16>().map_err(|e| format!("versions {text:?}: {e}"));
    if text == "none" {
        return Ok(Versions::NONE);
    }
    if let Some(min) = text.strip_suffix('+') {
        return Ok(Versions { min: number(min)?, max: i16::MAX });
    }
    match text.split_once('-') {
        Some((min, max)) => Ok(Versions { min: number(min)?, max: number(max)? }),
        None => Ok(Versions { min: number(text)?, max: number(text)? }),
    }
}

/// Every structure is declared, has at least one byte where it is a list's element, and tags fall in flexible versions.
fn check(d: &Descriptor) -> Result<(), String> {
    for s in &d.structs {
        for f in &s.fields {
            if f.tag.is_some() && !d.flexible.covers(f.versions) {
                return Err(format!("{}.{}: tagged outside of flexible versions", s.path, f.name));
            }
            let Some(name) = f.ty.struct_name() else { continue };
            let inner = d.find(name).ok_or_else(|| format!("{}.{}: no structure {name}", s.path, f.name))?;
            if matches!(f.ty, Type::Array(_)) && f.versions.iter().any(|v| d.min_struct_size(inner, v) == 0) {
                return Err(format!("{name}: an element of no bytes"));
            }
        }
    }
    Ok(())
}
