use super::{Sent, parse, sent};

/// Asks for each filter whether a message with these headers matches it.
fn check(headers: &[(&str, &str)], filters: &[(&str, bool)]) {
    let message = sent(headers);
    for (text, expected) in filters {
        assert_eq!(message.matches(&parse(text)), *expected, "{text}");
    }
}

#[test]
fn headers_by_name() {
    let headers = [("colour", "red"), ("content-type", "text/plain"), ("n", "42"), ("a.b", "dot")];
    check(
        &headers,
        &[
            ("headers.colour == 'red'", true),
            ("headers.colour == 'blue'", false),
            ("headers['content-type'] == 'text/plain'", true),
            ("headers['a.b'] == 'dot' && headers.`a.b` == 'dot'", true),
            ("headers.colour in ['green', 'red']", true),
            ("!(headers.colour in ['green', 'blue'])", true),
            ("headers.colour.startsWith('r') && headers.colour.endsWith('d')", true),
            ("headers['content-type'].contains('xt/pl')", true),
            ("int(headers.n) > 41 && int(headers.n) % 2 == 0", true),
            ("double(headers.n) / 4.0 == 10.5", true),
            ("size(headers.colour) == 3 && headers.colour.size() < 4", true),
            ("headers.colour < 'rfd'", true),
            ("headers.colour == 'red' ? priority == 0 : false", true),
            ("'red' == headers.colour // a comment", true),
            ("true", true),
            ("false", false),
        ],
    );
}

#[test]
fn what_is_missing_does_not_match() {
    let headers = [("colour", "red"), ("n", "many")];
    check(
        &headers,
        &[
            ("headers.size == 'xl'", false),
            ("headers.size != 'xl'", false),
            ("!(headers.size == 'xl')", false),
            ("has(headers.size)", false),
            ("!has(headers.size)", true),
            ("has(headers.colour)", true),
            ("'colour' in headers && headers.colour == 'red'", true),
            ("'size' in headers && headers.size == 'xl'", false),
            ("!('size' in headers) || headers.size == 'xl'", true),
            // One side of && or || decides without the other.
            ("headers.size == 'xl' || headers.colour == 'red'", true),
            ("headers.colour == 'red' || headers.size == 'xl'", true),
            ("!(headers.size == 'xl' && headers.colour == 'blue')", true),
            ("int(headers.n) > 1", false),
            ("int(headers.n) <= 1", false),
            ("1 / int(headers.n) == 1", false),
            ("1 / priority == 1", false),
            ("9223372036854775807 + timestamp_ms > 0", false),
        ],
    );
}

#[test]
fn key_priority_timestamp_and_size() {
    check(
        &[("esker.priority", "3"), ("esker.priority", "7")],
        &[
            ("key == 'order-7'", true),
            ("key.startsWith('order-')", true),
            ("key != null", true),
            ("key == null", false),
            ("key in ['order-6', 'order-7']", true),
            ("key == b'order-7'", false),
            ("priority == 7", true),
            ("priority >= 5 && priority < 8", true),
            ("timestamp_ms == 1700000000000", true),
            ("size == 5", true),
            ("size(key) == 7", true),
            ("-priority == -7", true),
        ],
    );
    for (priority, counts_as) in [("12", 9), ("-1", 0), ("high", 0), ("256", 0), ("", 0)] {
        check(&[("esker.priority", priority)], &[(&format!("priority == {counts_as}"), true)]);
    }
    let bare = Sent::new(None, None, &[]);
    for text in ["key == null", "size == 0", "priority == 0", "!('x' in headers)", "size(headers) == 0"] {
        assert!(bare.matches(&parse(text)), "{text}");
    }
    assert!(!bare.matches(&parse("key.startsWith('')")));
    let bytes = Sent::new(Some(b"\xff\x00"), Some(b""), &[]);
    assert!(bytes.matches(&parse(r"key == b'\xff\x00'")));
    assert!(bytes.matches(&parse("size(key) == 2")));
    assert!(!bytes.matches(&parse("key == 'x'")));
    assert!(!bytes.matches(&parse("string(key) == 'x' || key.contains('x')")));
}

#[test]
fn the_last_header_of_a_name_counts() {
    let twice = sent(&[("colour", "red"), ("colour", "blue")]);
    let hidden = Sent::new(None, None, &[(b"colour", Some(b"red")), (b"colour", None)]);
    let no_text = Sent::new(None, None, &[(b"colour", Some(b"\xff\xfe"))]);
    let long = Sent::new(None, None, &[(b"colour", Some(&[b'r'; 4097]))]);
    // By its place, and through the map of all.
    for [text, absent] in [
        ["headers.colour == 'blue'", "!has(headers.colour)"],
        ["headers[['colour'][0]] == 'blue'", "!(['colour'][0] in headers)"],
        ["headers.exists(h, h == 'colour' && headers[h] == 'blue')", "!headers.exists(h, h == 'colour')"],
    ] {
        let (filter, absent) = (parse(text), parse(absent));
        assert!(twice.matches(&filter), "{text}");
        for message in [&hidden, &no_text, &long] {
            assert!(!message.matches(&filter), "{text}");
            assert!(message.matches(&absent), "{text}");
        }
    }
    let fits = Sent::new(None, None, &[(b"colour", Some(&[b'r'; 4096]))]);
    assert!(fits.matches(&parse("size(headers.colour) == 4096")));
}

#[test]
fn a_key_that_is_too_long_counts_as_none() {
    let long = Sent::new(Some(&[b'k'; 4097]), None, &[]);
    assert!(long.matches(&parse("key == null")));
    let fits = Sent::new(Some(&[b'k'; 4096]), None, &[]);
    assert!(fits.matches(&parse("size(key) == 4096")));
}

#[test]
fn loops_over_headers_and_lists() {
    check(
        &[("x-a", "1"), ("x-b", "2"), ("tags", "red,hot")],
        &[
            ("headers.exists(h, h.startsWith('x-'))", true),
            ("headers.all(h, h.startsWith('x-'))", false),
            ("headers.exists_one(h, headers[h] == '2')", true),
            ("headers.exists(h, headers[h] == '3')", false),
            ("['red', 'blue'].exists(t, headers.tags.contains(t))", true),
            ("['red', 'blue'].all(t, headers.tags.contains(t))", false),
            ("['red', 'hot'].all(t, headers.tags.contains(t))", true),
            ("[].all(t, t == 1) && ![].exists(t, t == 1)", true),
        ],
    );
}

/// Headers that a filter names are seen wherever they are; of others, those in the first 256 names.
#[test]
fn of_very_many_headers_all_that_are_named_are_seen() {
    let names: Vec<String> = (0..5000).map(|n| format!("h{n}")).collect();
    let headers: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "v")).collect();
    let message = sent(&headers);
    for text in [
        "headers.h0 == 'v' && headers.h4999 == 'v' && !has(headers.h5000)",
        "headers.exists(h, h == 'h255')",
        "!headers.exists(h, h == 'h256')",
        "size(headers) == 256",
    ] {
        assert!(message.matches(&parse(text)), "{text}");
    }
}

#[test]
fn a_filter_is_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    let filter = parse(" headers.a == 'b' ");
    shared(&filter);
    assert_eq!(filter.clone().text(), " headers.a == 'b' ");
    assert_eq!(format!("{filter:?}"), "Filter(\" headers.a == 'b' \")");
}
