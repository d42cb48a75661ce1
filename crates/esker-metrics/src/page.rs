//! The page: OpenMetrics text, version 1.0.0.
//!
//! Source of the format: <https://prometheus.io/docs/specs/om/open_metrics_spec/>, "Text format".

use std::fmt::{self, Write};

use crate::{BUCKETS, Histogram, LATENCY_SECONDS};

/// A page while it is written: family after family, each once.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
    families: Vec<String>,
}

/// The samples of one family.
#[derive(Debug)]
pub struct Samples<'a> {
    text: &'a mut String,
    name: &'a str,
    suffix: &'static str,
}

/// A sample's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Counts and sizes.
    Whole(u64),
    /// Gauges that may be negative.
    Signed(i64),
    /// Seconds.
    Real(f64),
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(value) => value.fmt(f),
            Self::Signed(value) => value.fmt(f),
            // Without an exponent, which not every reader takes.
            Self::Real(value) if value.is_finite() => value.fmt(f),
            Self::Real(value) if value.is_nan() => f.write_str("NaN"),
            Self::Real(value) => f.write_str(if *value > 0.0 { "+Inf" } else { "-Inf" }),
        }
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self::Whole(value)
    }
}

impl From<usize> for Number {
    fn from(value: usize) -> Self {
        Self::Whole(value as u64)
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::Signed(value)
    }
}

impl From<bool> for Number {
    fn from(value: bool) -> Self {
        Self::Whole(u64::from(value))
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl Page {
    /// A counter. `name` is without `_total`, which its samples get.
    ///
    /// # Panics
    /// When the page has a family of this name already, as all of these do.
    pub fn counter<'a>(&'a mut self, name: &'a str, help: &str) -> Samples<'a> {
        self.family(name, "counter", "_total", help)
    }

    /// A gauge.
    pub fn gauge<'a>(&'a mut self, name: &'a str, help: &str) -> Samples<'a> {
        self.family(name, "gauge", "", help)
    }

    /// A histogram, to be filled with [`Samples::histogram`].
    pub fn histogram<'a>(&'a mut self, name: &'a str, help: &str) -> Samples<'a> {
        self.family(name, "histogram", "", help)
    }

    /// Facts as labels. `name` is without `_info`, which its samples get.
    pub fn info<'a>(&'a mut self, name: &'a str, help: &str) -> Samples<'a> {
        self.family(name, "info", "_info", help)
    }

    fn family<'a>(&'a mut self, name: &'a str, kind: &str, suffix: &'static str, help: &str) -> Samples<'a> {
        assert!(!self.families.iter().any(|known| known == name), "{name} is on the page once");
        self.families.push(name.to_owned());
        let text = &mut self.text;
        put(text, format_args!("# HELP {name} "));
        escape(text, help);
        put(text, format_args!("\n# TYPE {name} {kind}\n"));
        // The unit is the last part of the name, where it is one.
        if let Some((_, unit @ ("bytes" | "seconds"))) = name.rsplit_once('_') {
            put(text, format_args!("# UNIT {name} {unit}\n"));
        }
        Samples { text, name, suffix }
    }

    /// The whole text.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.text.push_str("# EOF\n");
        self.text
    }
}

impl Samples<'_> {
    /// A sample.
    pub fn add(&mut self, labels: &[(&str, &str)], value: impl Into<Number>) -> &mut Self {
        let (name, suffix) = (self.name, self.suffix);
        put(self.text, format_args!("{name}{suffix}"));
        self.labels(labels, None);
        put(self.text, format_args!(" {}\n", value.into()));
        self
    }

    /// The one sample of a family without labels.
    pub fn value(&mut self, value: impl Into<Number>) {
        self.add(&[], value);
    }

    /// The samples of one histogram.
    pub fn histogram(&mut self, labels: &[(&str, &str)], histogram: &Histogram) -> &mut Self {
        let (name, seen) = (self.name, histogram.snapshot());
        for at in 0..BUCKETS {
            let bound = LATENCY_SECONDS.get(at).copied().unwrap_or(f64::INFINITY);
            put(self.text, format_args!("{name}_bucket"));
            self.labels(labels, Some(bound));
            put(self.text, format_args!(" {}\n", seen.cumulative[at]));
        }
        put(self.text, format_args!("{name}_sum"));
        self.labels(labels, None);
        put(self.text, format_args!(" {}\n{name}_count", Number::Real(seen.sum)));
        self.labels(labels, None);
        put(self.text, format_args!(" {}\n", seen.count()));
        self
    }

    fn labels(&mut self, labels: &[(&str, &str)], bound: Option<f64>) {
        let mut before = '{';
        for (label, value) in labels {
            put(self.text, format_args!("{before}{label}=\""));
            escape(self.text, value);
            self.text.push('"');
            before = ',';
        }
        match bound {
            // The format's canonical numbers: 1.0, not 1.
            Some(bound) if bound.is_finite() => put(self.text, format_args!("{before}le=\"{bound:?}\"}}")),
            Some(_) => put(self.text, format_args!("{before}le=\"+Inf\"}}")),
            None if !labels.is_empty() => self.text.push('}'),
            None => {}
        }
    }
}

fn put(text: &mut String, what: fmt::Arguments<'_>) {
    // Writing into a string does not fail.
    let _ = text.write_fmt(what);
}

fn escape(text: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_page_is_as_the_format_says() {
        let mut page = Page::default();
        page.counter("esker_things", "Things").add(&[("topic", "a\"b\\c\nd"), ("x", "")], 3u64);
        page.gauge("esker_wal_used_bytes", "In use").value(-7i64);
        page.info("esker_build", "What runs").add(&[("version", "1.2.3")], 1u64);
        page.counter("esker_wait_seconds", "Waits").value(0.25);
        assert_eq!(
            page.finish(),
            "# HELP esker_things Things\n# TYPE esker_things counter\n\
             esker_things_total{topic=\"a\\\"b\\\\c\\nd\",x=\"\"} 3\n\
             # HELP esker_wal_used_bytes In use\n# TYPE esker_wal_used_bytes gauge\n\
             # UNIT esker_wal_used_bytes bytes\nesker_wal_used_bytes -7\n\
             # HELP esker_build What runs\n# TYPE esker_build info\nesker_build_info{version=\"1.2.3\"} 1\n\
             # HELP esker_wait_seconds Waits\n# TYPE esker_wait_seconds counter\n\
             # UNIT esker_wait_seconds seconds\nesker_wait_seconds_total 0.25\n# EOF\n"
        );
    }

    #[test]
    fn a_histogram_has_buckets_sum_and_count() {
        let histogram = Histogram::new();
        histogram.observe(Duration::from_millis(2));
        histogram.observe(Duration::from_secs(40));
        let mut page = Page::default();
        page.histogram("esker_x_seconds", "X").histogram(&[("api", "Fetch")], &histogram);
        let text = page.finish();
        for line in [
            "# TYPE esker_x_seconds histogram\n",
            "esker_x_seconds_bucket{api=\"Fetch\",le=\"0.0005\"} 0\n",
            "esker_x_seconds_bucket{api=\"Fetch\",le=\"0.0025\"} 1\n",
            "esker_x_seconds_bucket{api=\"Fetch\",le=\"1.0\"} 1\n",
            "esker_x_seconds_bucket{api=\"Fetch\",le=\"+Inf\"} 2\n",
            "esker_x_seconds_sum{api=\"Fetch\"} 40.002\n",
            "esker_x_seconds_count{api=\"Fetch\"} 2\n",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[test]
    #[should_panic(expected = "once")]
    fn a_family_is_on_the_page_once() {
        let mut page = Page::default();
        page.gauge("a", "A").value(1u64);
        page.gauge("a", "A").value(1u64);
    }
}
