use super::refusal;

/// Each is refused with an error that says this.
fn refused(cases: &[(&str, &str)]) {
    for (text, says) in cases {
        let error = refusal(text).unwrap_or_else(|| panic!("{text} is let in"));
        assert!(error.contains(says), "{text}: {error}");
    }
}

#[test]
fn what_is_no_expression() {
    refused(&[
        ("", "there is no filter here"),
        (" // nothing\n", "there is no filter here"),
        ("priority >=", "line 1, column 12"),
        ("priority = 5", "line 1, column 10"),
        ("headers.a == 'red", "line 1, column 14: unterminated string"),
        ("headers.a ==\n  'b' ?", "line 2"),
        ("colour == \u{201c}red\u{201d}", "text goes between quotes"),
        ("a & b", "expected '&&'"),
        ("(true", "')'"),
        ("true)", "line 1, column 5"),
        ("if", "reserved"),
        ("99999999999999999999 == 1", "invalid int"),
        (r"'\q' == 'a'", "unescape"),
    ]);
}

#[test]
fn what_yields_no_answer() {
    refused(&[
        ("priority", "yields a number"),
        ("headers.colour", "yields text"),
        ("key", "yields the key"),
        ("'red'", "yields text"),
        ("null", "yields null"),
        ("[true]", "yields a list"),
        ("true ? 1 : 2", "yields a number"),
        ("priority + 1", "yields a number"),
        ("headers.n > 5", "line 1, column 11: text and a number have no order; int(headers.n)"),
        ("priority == 'high'", "line 1, column 10: a number and text are never equal"),
        ("headers.a == null", "text and null are never equal"),
        ("key == 5", "the key and a number are never equal"),
        ("priority && true", "true or false belongs here, and this is a number"),
        ("!headers.a", "true or false belongs here, and this is text"),
        ("[1] < [2]", "have no order"),
        ("headers.a in 'abc'", "right of `in` is a list"),
        ("size.startsWith('a')", "is for text, and this is a number"),
        ("headers.a.startsWith(1)", "is for text, and this is a number"),
        ("int(true) == 1", "makes nothing of this"),
        ("priority ? true : false", "true or false belongs here"),
    ]);
}

#[test]
fn what_is_not_there() {
    refused(&[
        ("colour == 'red'", "line 1, column 1: there is no colour; a filter sees headers, key, priority"),
        ("value == 'red'", "there is no value"),
        ("true && body.x == 1", "line 1, column 9: there is no body"),
        ("headers == headers", "headers are many"),
        ("headers.a.b == 'c'", "headers['a.b']"),
        ("key.a == 'c'", "only headers have names"),
        ("headers[1] == 'c'", "a header's name is text"),
        (".priority == 1", "there is no .priority"),
        ("lower(headers.a) == 'b'", "there is no lower of this form"),
        ("headers.a.lowerAscii() == 'b'", "there is no lowerAscii"),
        ("type(headers.a) == string", "there is no type"),
        ("startsWith(headers.a, 'b')", "there is no startsWith of this form"),
        ("headers.a.startsWith('a', 'b')", "there is no startsWith of this form"),
        ("timestamp('2026-01-01T00:00:00Z') < timestamp('2027-01-01T00:00:00Z')", "there is no timestamp"),
        ("optional.of(1).hasValue()", "there is no hasValue"),
        ("has(headers)", "invalid argument to has()"),
        ("has(key.a)", "only headers have names"),
    ]);
}

#[test]
fn what_could_cost_or_grow() {
    refused(&[
        // A pattern costs what its author likes.
        ("headers.a.matches('^(a+)+$')", "there is no matches"),
        ("matches(headers.a, 'a')", "there is no matches"),
        ("headers.a + headers.a == 'aa'", "+ - * / % are for numbers"),
        ("key + key == 'aa'", "+ - * / % are for numbers"),
        ("[1] + [2] == [1, 2]", "+ - * / % are for numbers"),
        ("['a'].exists(x, x + x == 'aa')", "+ - * / % are for numbers"),
        ("[1, 2].map(x, x) == [1, 2]", "no others"),
        ("headers.filter(h, true) == []", "no others"),
        ("[1].exists(x, [2].exists(y, x == y))", "a loop within a loop"),
        ("headers.all(x, headers.all(y, x == y))", "a loop within a loop"),
        ("headers.a.exists(x, true)", "a loop goes over headers or a list"),
        ("headers.exists(headers, true)", "take another name"),
        ("headers.exists(key, true)", "take another name"),
        ("{'a': 1}.a == 1", "no maps"),
        ("{1: 2} == {1: 2}", "no maps"),
        ("Message{a: 1} == 1", "nothing of this kind"),
        ("headers.?a == 'b'", "unsupported"),
        ("headers[?'a'] == 'b'", "unsupported"),
        ("[?headers.a] == []", "unsupported"),
        (
            "headers.exists(h, h in ['a','b','c','d','e','f','g','h','i','j','k','l','m','n','o','p','q','r','s','t','u'])",
            "8192 steps",
        ),
    ]);
}
