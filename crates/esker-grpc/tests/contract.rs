//! The public contract: what `proto/esker/v1` says now, and what it has said before.
//!
//! `contract.txt` has a line for each method, field and enum value. Lines may be added, together with what they are about.
//! One that is taken away or changed breaks clients that are out there.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

use std::{collections::BTreeSet, fs, path::PathBuf};

use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet,
    field_descriptor_proto::{Label, Type},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../proto")
}

/// Every line of the contract, as the files have it.
fn lines() -> BTreeSet<String> {
    let directory = root().join("esker/v1");
    let mut files: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "proto"));
    let set: FileDescriptorSet = protox::compile(&files, [root()]).unwrap();
    let mut lines = BTreeSet::new();
    for file in set.file.iter().filter(|file| file.package() == "esker.v1") {
        let package = format!(".{}", file.package());
        for service in &file.service {
            for method in &service.method {
                let stream = |is| if is { "stream " } else { "" };
                lines.insert(format!(
                    "rpc {package}.{}.{} ({}{}) returns ({}{})",
                    service.name(),
                    method.name(),
                    stream(method.client_streaming()),
                    method.input_type(),
                    stream(method.server_streaming()),
                    method.output_type(),
                ));
            }
        }
        file.message_type.iter().for_each(|message| of_message(&mut lines, &package, message));
        file.enum_type.iter().for_each(|values| of_enum(&mut lines, &package, values));
    }
    lines
}

fn of_message(lines: &mut BTreeSet<String>, parent: &str, message: &DescriptorProto) {
    let name = format!("{parent}.{}", message.name());
    lines.insert(format!("message {name}"));
    for field in &message.field {
        let real_oneof = field.oneof_index.filter(|_| !field.proto3_optional());
        let oneof = real_oneof.map_or(String::new(), |at| {
            format!(" oneof {}", message.oneof_decl[usize::try_from(at).unwrap()].name())
        });
        lines.insert(format!(
            "field {name} {} {}{} {}{oneof}",
            field.number(),
            cardinality(field),
            kind(field),
            field.name(),
        ));
    }
    message.nested_type.iter().for_each(|nested| of_message(lines, &name, nested));
    message.enum_type.iter().for_each(|values| of_enum(lines, &name, values));
}

fn cardinality(field: &FieldDescriptorProto) -> &'static str {
    match field.label() {
        Label::Repeated => "repeated ",
        _ if field.proto3_optional() => "optional ",
        _ => "",
    }
}

fn kind(field: &FieldDescriptorProto) -> String {
    match field.r#type() {
        Type::Message | Type::Enum => field.type_name().to_owned(),
        scalar => scalar.as_str_name().trim_start_matches("TYPE_").to_lowercase(),
    }
}

fn of_enum(lines: &mut BTreeSet<String>, parent: &str, values: &EnumDescriptorProto) {
    for value in &values.value {
        lines.insert(format!("value {parent}.{} {} {}", values.name(), value.number(), value.name()));
    }
}

#[test]
fn the_contract_is_kept() {
    let now = lines();
    let file = root().join("esker/v1/contract.txt");
    let before: BTreeSet<String> =
        fs::read_to_string(&file).unwrap_or_default().lines().map(str::to_owned).collect();
    let broken: Vec<_> = before.difference(&now).collect();
    assert!(broken.is_empty(), "these break clients that are out there: {broken:#?}");
    let new: Vec<_> = now.difference(&before).collect();
    assert!(new.is_empty(), "new in the contract, to be added to {}:\n{}", file.display(), {
        let lines: Vec<&str> = new.iter().map(|line| line.as_str()).collect();
        lines.join("\n")
    });
}
