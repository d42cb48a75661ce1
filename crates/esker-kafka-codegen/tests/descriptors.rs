//! Descriptors that cannot be expressed are refused, and prose is left behind.

use esker_kafka_codegen::{facts, generate, is_served, parse};

fn message(fields: &str) -> String {
    format!(
        r#"{{ // a comment
  "apiKey": 3, "type": "request", "name": "XRequest", "validVersions": "1-4", "flexibleVersions": "3+",
  "fields": [ {fields} ] }}"#
    )
}

#[test]
fn facts_keep_what_the_codec_needs() {
    let text = message(
        r#"{ "name": "A", "type": "int32", "versions": "2+", "default": -1, "about": "See http://x" }"#,
    );
    assert_eq!(is_served(&text), Ok(true));
    let (name, facts) = facts(&text).unwrap();
    assert_eq!(name, "XRequest");
    assert!(!facts.contains("about") && !facts.contains("comment"), "{facts}");
    assert!(
        facts.contains(r#"{"name": "A", "type": "int32", "versions": "2+", "default": "-1"}"#),
        "{facts}"
    );
    let (again, before) = (parse(&facts).unwrap(), parse(&text).unwrap());
    assert_eq!(format!("{again:?}"), format!("{before:?}"));
}

#[test]
fn quorum_messages_are_not_served() {
    let vote = message("").replace("\"apiKey\": 3", "\"apiKey\": 52");
    assert_eq!(is_served(&vote), Ok(false));
}

#[test]
fn descriptors_that_cannot_be_read_are_refused() {
    for (fields, why) in [
        (r#"{ "name": "A", "type": "int7", "versions": "0+" }"#, "type \"int7\""),
        (r#"{ "name": "A", "type": "int8" }"#, "no versions"),
        (r#"{ "name": "A", "type": "[]B", "versions": "0+" }"#, "no structure B"),
        (r#"{ "name": "A", "type": "int8", "versions": "3+", "tag": 0 }"#, "tag without tagged versions"),
        (
            r#"{ "name": "A", "type": "int8", "versions": "2+", "tag": 0, "taggedVersions": "2+" }"#,
            "outside of flexible",
        ),
        (
            r#"{ "name": "A", "type": "int8", "versions": "2+", "tag": 0, "taggedVersions": "3+" }"#,
            "some versions only",
        ),
        (
            r#"{ "name": "A", "type": "[]B", "versions": "0+", "fields": [
                { "name": "C", "type": "int8", "versions": "2+" }] }"#,
            "an element of no bytes",
        ),
    ] {
        let error = parse(&message(fields)).unwrap_err();
        assert!(error.contains(why), "{error}, expected {why}");
    }
}

#[test]
fn defaults_must_fit_their_type() {
    let d =
        parse(&message(r#"{ "name": "A", "type": "string", "versions": "1+", "default": "null" }"#)).unwrap();
    assert!(generate(&[d]).unwrap_err().contains("default"), "null where no version allows it");
}
