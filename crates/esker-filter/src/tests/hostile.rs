//! Text from the wire: whatever it is, it takes no panic, no stack and no time.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{Sent, parse, refusal, sent};
use crate::{Filter, MAX_FILTER_BYTES};

/// As little stack as a filter must do with.
const STACK: usize = 512 * 1024;

fn on_a_small_stack(text: &str) {
    #[allow(clippy::disallowed_methods, reason = "a test of the stack")]
    let thread = std::thread::Builder::new().stack_size(STACK);
    let text = text.to_owned();
    let run = move || {
        if let Ok(filter) = Filter::parse(&text) {
            let _ = sent(&[("a", "b"), ("b", "a")]).matches(&filter);
        }
    };
    thread.spawn(run).unwrap().join().unwrap();
}

fn around(open: &str, inner: &str, close: &str, times: usize) -> String {
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

#[test]
fn nothing_nests_the_stack_away() {
    for times in [1, 16, 31, 32, 33, 63, 64, 65, 100, 340, 500, 1000, 1365, 2047, 4096] {
        for (open, inner, close) in [
            ("(", "true", ")"),
            ("[", "true", "]"),
            ("{", "true", "}"),
            ("(", "", ""),
            ("[", "", ""),
            ("{", "", ""),
            ("!", "true", ""),
            ("-", "1", ""),
            ("!-", "1", ""),
            ("", "true", " ? true : true"),
            ("true ? ", "true", " : true"),
            ("true ? true : ", "true", ""),
            ("", "1", "+1"),
            ("", "true", "==true"),
            ("", "true", "&&true"),
            ("true||", "true", ""),
            ("", "a", ".a"),
            ("", "a", ".a()"),
            ("", "a", "{}"),
            ("", "a", ".a{}"),
            ("", "a", "[0]"),
            ("", "[true]", "[0]"),
            ("", "headers", ".a"),
            ("size(", "'a'", ")"),
            ("has(", "headers.a", ")"),
            ("", "headers", ".exists(x, true)"),
            ("", "headers", ".map(x, x)"),
            ("[true].exists(x, ", "x", ")"),
            ("[1].map(x, ", "x", ")"),
            ("{1:", "1", "}"),
            ("a{a:", "1", "}"),
            ("1 in [", "1", "]"),
            ("true && (true || ", "true", ")"),
            ("1 + (1 * -(", "1", "))"),
        ] {
            let mut text = around(open, inner, close, times);
            on_a_small_stack(&text);
            text.push_str(" == 1");
            on_a_small_stack(&text);
        }
    }
}

#[test]
fn limits_say_so() {
    for open in ["(", "[", "{"] {
        assert!(refusal(&open.repeat(4096)).unwrap().contains("line 1, column 33: more than 32 brackets"));
    }
    assert!(refusal(&"!".repeat(4096)).unwrap().contains("more than 1024 words"));
    assert!(refusal(&"a".repeat(MAX_FILTER_BYTES + 1)).unwrap().contains("4096 at most"));
    assert!(refusal(&around("", "1", "+1", 64)).unwrap().contains("more than 64 levels"));
    assert!(refusal(&around("true?true:", "true", "", 33)).unwrap().contains("more than 32 conditionals"));
    // What is long and flat is let in.
    let values: Vec<String> = (0..500).map(|n| n.to_string()).collect();
    let message = sent(&[]);
    assert!(message.matches(&parse(&format!("!(priority + 500 in [{}])", values.join(",")))));
    assert!(message.matches(&parse(&format!("true{}", " && size == 5".repeat(200)))));
    assert!(message.matches(&parse(&around("(", "true", ")", 32))));
    let longest = format!("headers.a == '{}'", "b".repeat(MAX_FILTER_BYTES - 15));
    assert_eq!(longest.len(), MAX_FILTER_BYTES);
    assert!(!message.matches(&parse(&longest)));
}

fn messages() -> Vec<Sent> {
    vec![
        Sent::new(None, None, &[]),
        sent(&[("a", "1"), ("colour", "red"), ("esker.priority", "7")]),
        Sent::new(
            Some(b"\xff"),
            Some(b"v"),
            &[(b"a", None), (b"\xff", Some(b"x")), (b"colour", Some(b"\xfe"))],
        ),
        Sent::new(
            Some(b"9223372036854775807"),
            None,
            &[(b"a", Some(b"-9223372036854775808")), (b"", Some(b""))],
        ),
        Sent::new(
            Some(b""),
            Some(&[0; 70_000]),
            &[(b"a", Some(b"NaN")), (b"colour", Some("\u{1f980}".as_bytes()))],
        ),
    ]
}

/// Must neither panic nor break a promise: refused with a bounded error, or answered, and the same each time.
fn survives(text: &str) {
    if refusal(text).is_some() {
        return;
    }
    let filter = parse(text);
    assert_eq!(filter.text(), text);
    for message in messages() {
        assert_eq!(message.matches(&filter), message.matches(&parse(text)), "{text}");
    }
}

const PIECES: &[&str] = &[
    "headers",
    "key",
    "priority",
    "timestamp_ms",
    "size",
    "true",
    "false",
    "null",
    "in",
    ".a",
    ".colour",
    "['a']",
    "[0]",
    "[key]",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ".",
    ",",
    "?",
    ":",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "&&",
    "||",
    "=",
    "'red'",
    "\"x\"",
    "'''y'''",
    "r'\\'",
    "b'\\xff'",
    "rb'q'",
    "'\\u00e9'",
    "0",
    "1",
    "7u",
    "2.5",
    "1e9",
    "1e999",
    "0x7f",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615u",
    "int(",
    "uint(",
    "double(",
    "string(",
    "bool(",
    "bytes(",
    "type(",
    "dyn(",
    "size(",
    "has(",
    ".size()",
    ".startsWith(",
    ".endsWith(",
    ".contains(",
    ".matches(",
    ".all(x,",
    ".exists(x,",
    ".exists_one(x,",
    ".existsOne(x,",
    ".map(x,",
    ".filter(x,",
    "x",
    "y",
    "optional.of(",
    ".?a",
    "[?",
    "`a-b`",
    ".`a.b`",
    "@v0",
    "@result",
    "// c\n",
    "\n",
    "\t",
    " ",
    "é",
    "\u{1f980}",
    "\0",
    "'",
    "\"",
    "`",
    "\\",
    ";",
    "#",
    "as",
    "if",
    "Message{",
    "google.protobuf.Timestamp{",
    "headers.a == '1'",
    "has(headers.a)",
    "'a' in headers",
    "int(headers.a)",
    "double(headers.a)",
];

const GOOD: &[&str] = &[
    "headers.colour == 'red' && priority >= 5",
    "has(headers.a) && int(headers.a) % 2 == 1 || key == null",
    "'a' in headers ? headers.a in ['1', '2'] : size > 100 - 1",
    "headers.exists(h, h.startsWith('x-') && headers[h] != '')",
    "['a', 'b'].all(x, x in headers) && timestamp_ms > 1700000000000",
    "!(key.contains('7') || string(priority) + '' == '0') || bool(headers.a)",
    "double(headers.a) * 2.5 / -1.5 < 1e3 && int(double(headers.a)) - int(headers.a) < -priority",
    "[1, 2, 3][priority] == 1 || [[1], [2]][0] == [1] || [1].exists_one(x, x == priority)",
    "-int(headers.a) / -1 == int(key) || int(headers.a) % -1 == 0 || -(-9223372036854775808) > 0",
    "string(key) == string(1.5) || string(b'a') == string(true) || size(b'abc') == 3 || 3u > 2u",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_pieces_survive(pieces in vec(select(PIECES), 1..40), spaced in any::<bool>()) {
        survives(&pieces.join(if spaced { " " } else { "" }));
    }

    #[test]
    fn any_text_survives(text in "\\PC{0,60}") {
        survives(&text);
    }

    #[test]
    fn changed_filters_survive(
        good in select(GOOD),
        changes in vec((any::<prop::sample::Index>(), 0..6_usize, select(PIECES)), 1..6),
    ) {
        let mut text = good.to_owned();
        for (at, remove, insert) in changes {
            let at = text.floor_char_boundary(at.index(text.len() + 1));
            let end = text.floor_char_boundary((at + remove).min(text.len())).max(at);
            text.replace_range(at..end, insert);
        }
        survives(&text);
    }

    /// Of any shape and of any kinds: most are refused for what they compare.
    #[test]
    fn grown_filters_survive(text in grown()) {
        survives(&text);
    }

    /// Of any shape that is let in.
    #[test]
    fn well_formed_filters_are_let_in_and_survive(text in yes_or_no()) {
        prop_assert_eq!(refusal(&text).filter(|error| !error.contains("more than")), None);
        survives(&text);
    }
}

fn grown() -> impl Strategy<Value = String> {
    let leaf = select(vec![
        "headers.a",
        "headers['colour']",
        "key",
        "priority",
        "size",
        "timestamp_ms",
        "1",
        "0",
        "-1",
        "2.5",
        "'red'",
        "''",
        "true",
        "false",
        "null",
        "b'x'",
        "9223372036854775807",
        "-9223372036854775808",
        "has(headers.a)",
        "'b' in headers",
        "3u",
        "x",
        "[]",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(6, 64, 3, |inner| {
        let sign = select(vec!["==", "!=", "<", ">=", "&&", "||", "+", "-", "*", "/", "%", "in"]);
        let function = select(vec!["int", "double", "string", "bool", "size", "!", "-"]);
        let method = select(vec!["startsWith", "contains", "endsWith"]);
        let fold = select(vec!["all", "exists", "exists_one"]);
        prop_oneof![
            4 => (inner.clone(), sign, inner.clone()).prop_map(|(a, sign, b)| format!("({a} {sign} {b})")),
            1 => (function, inner.clone()).prop_map(|(function, a)| format!("{function}({a})")),
            1 => (inner.clone(), method, inner.clone()).prop_map(|(a, method, b)| format!("{a}.{method}({b})")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, {b}]")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}[{b}]")),
            1 => (inner.clone(), fold.clone(), inner.clone()).prop_map(|(a, fold, b)| format!("[{a}].{fold}(x, {b})")),
            1 => (fold, inner.clone()).prop_map(|(fold, a)| format!("headers.{fold}(x, {a})")),
            1 => inner.prop_map(|a| format!("headers[{a}]")),
        ]
    })
}

fn text() -> impl Strategy<Value = String> + Clone {
    let some = vec![
        "headers.a",
        "headers['colour']",
        "headers.none",
        "headers[key]",
        "'red'",
        "''",
        "'1'",
        "string(key)",
        "string(size)",
        "string(2.5)",
        "string(b'x')",
        "string(true)",
        "key",
        "headers[string(priority)]",
        "'\u{1f980}'",
        "(priority > 3 ? headers.a : 'x')",
        "['a', 'b'][priority]",
    ];
    select(some).prop_map(str::to_owned)
}

fn number() -> impl Strategy<Value = String> + Clone {
    let some = vec![
        "priority",
        "size",
        "timestamp_ms",
        "0",
        "1",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "0x7f",
        "size(headers)",
        "size([1, 2])",
        "size(b'ab')",
        "int(2.5)",
        "int(1e300)",
        "int(3u)",
        "size(headers.a)",
        "key.size()",
    ];
    let leaf = prop_oneof![
        4 => select(some).prop_map(str::to_owned),
        1 => text().prop_map(|text| format!("int({text})")),
        1 => text().prop_map(|text| format!("int(double({text}))")),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let sign = select(vec!["+", "-", "*", "/", "%"]);
        prop_oneof![
            4 => (inner.clone(), sign, inner.clone()).prop_map(|(a, sign, b)| format!("({a} {sign} {b})")),
            1 => inner.clone().prop_map(|a| format!("-({a})")),
            1 => inner.prop_map(|a| format!("int(double({a}) / 0.3)")),
        ]
    })
    .boxed()
}

fn yes_or_no() -> impl Strategy<Value = String> {
    let compares = || select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let method = select(vec!["startsWith", "contains", "endsWith"]);
    let leaf = prop_oneof![
        3 => (text(), compares(), text()).prop_map(|(a, sign, b)| format!("{a} {sign} {b}")),
        3 => (number(), compares(), number()).prop_map(|(a, sign, b)| format!("{a} {sign} {b}")),
        1 => (number(), compares()).prop_map(|(a, sign)| format!("double({a}) {sign} 0.5 || {a} {sign} 7u")),
        2 => (text(), method, text()).prop_map(|(a, method, b)| format!("{a}.{method}({b})")),
        1 => vec(prop_oneof![text(), number()], 0..5).prop_map(|all| format!("key in [{}]", all.join(", "))),
        1 => text().prop_map(|text| format!("{text} in headers")),
        1 => text().prop_map(|text| format!("bool({text})")),
        1 => Just("has(headers.a)".to_owned()),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        let sign = select(vec!["&&", "||", "=="]);
        prop_oneof![
            4 => (inner.clone(), sign, inner.clone()).prop_map(|(a, sign, b)| format!("({a}) {sign} ({b})")),
            1 => inner.clone().prop_map(|a| format!("!({a})")),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a}) ? ({b}) : ({c})")),
        ]
    })
    .prop_flat_map(|inner| {
        let fold = select(vec!["all", "exists", "exists_one", "existsOne"]);
        let looped = |(over, fold, inner): (String, &str, String)| {
            format!("{over}.{fold}(x, x != 'y' && string(x).contains('a') || {inner})")
        };
        let list = vec(prop_oneof![text(), number()], 0..4).prop_map(|all| format!("[{}]", all.join(", ")));
        prop_oneof![
            2 => Just(inner.clone()),
            1 => (Just("headers".to_owned()), fold.clone(), Just(inner.clone())).prop_map(looped),
            1 => (list, fold, Just(inner)).prop_map(looped),
        ]
    })
}
