//! The page: OpenMetrics text, written by the crate `prometheus-client`.
//!
//! Its own metric types are not used: figures are counted in structs that are handed in ([`crate`]), most of what a page shows
//! is looked up when it is asked for, and names of topics are bounded by a [`crate::Family`]. So a page is a collector of its
//! own, for one scrape.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{
        CounterValueEncoder, DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, GaugeValueEncoder,
        MetricEncoder, NoLabelSet, text,
    },
    metrics::MetricType,
    registry::{Registry, Unit},
};

use crate::{BUCKETS, Histogram, LATENCY_SECONDS};

/// The whole text of a page.
///
/// # Errors
/// None that is known: the text is in memory.
pub fn render(write: impl Fn(&mut Page<'_>) + Send + Sync + 'static) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Writer(write)));
    let mut text = String::new();
    text::encode(&mut text, &registry)?;
    Ok(text)
}

struct Writer<F>(F);

impl<F> fmt::Debug for Writer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl<F: Fn(&mut Page<'_>) + Send + Sync + 'static> Collector for Writer<F> {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page { encoder, families: Vec::new(), outcome: Ok(()) };
        (self.0)(&mut page);
        page.outcome
    }
}

/// A page while it is written: family after family, each once.
#[derive(Debug)]
pub struct Page<'p> {
    encoder: DescriptorEncoder<'p>,
    families: Vec<String>,
    outcome: fmt::Result,
}

/// The samples of one family.
#[derive(Debug)]
pub struct Samples<'a> {
    /// `None` after an error.
    metric: Option<MetricEncoder<'a>>,
    kind: MetricType,
    outcome: &'a mut fmt::Result,
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

impl EncodeGaugeValue for Number {
    fn encode(&self, encoder: &mut GaugeValueEncoder<'_>) -> fmt::Result {
        match self {
            Self::Whole(value) => EncodeGaugeValue::encode(value, encoder),
            Self::Signed(value) => EncodeGaugeValue::encode(value, encoder),
            Self::Real(value) => EncodeGaugeValue::encode(value, encoder),
        }
    }
}

impl EncodeCounterValue for Number {
    fn encode(&self, encoder: &mut CounterValueEncoder<'_>) -> fmt::Result {
        match *self {
            Self::Whole(value) => EncodeCounterValue::encode(&value, encoder),
            // A counter is never negative.
            Self::Signed(value) => EncodeCounterValue::encode(&u64::try_from(value).unwrap_or(0), encoder),
            Self::Real(value) => EncodeCounterValue::encode(&value, encoder),
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

impl Page<'_> {
    /// A counter. `name` is without `_total`, which its samples get.
    ///
    /// # Panics
    /// When the page has a family of this name already, as all of these do.
    pub fn counter<'a>(&'a mut self, name: &'a str, help: &str) -> Samples<'a> {
        self.family(name, MetricType::Counter, help)
    }

    /// A gauge.
    pub fn gauge<'a>(&'a mut self, name: &'a str, help: &str) -> Samples<'a> {
        self.family(name, MetricType::Gauge, help)
    }

    /// A histogram, to be filled with [`Samples::histogram`].
    pub fn histogram<'a>(&'a mut self, name: &'a str, help: &str) -> Samples<'a> {
        self.family(name, MetricType::Histogram, help)
    }

    /// Facts as labels; the value of its samples is 1, whatever is given. `name` is without `_info`, which its samples get.
    pub fn info<'a>(&'a mut self, name: &'a str, help: &str) -> Samples<'a> {
        self.family(name, MetricType::Info, help)
    }

    fn family<'a>(&'a mut self, name: &'a str, kind: MetricType, help: &str) -> Samples<'a> {
        assert!(!self.families.iter().any(|known| known == name), "{name} is on the page once");
        self.families.push(name.to_owned());
        // The unit is the last part of the name, where it is one; the encoder appends it.
        let (name, unit) = match name.rsplit_once('_') {
            Some((name, "bytes")) => (name, Some(&Unit::Bytes)),
            Some((name, "seconds")) => (name, Some(&Unit::Seconds)),
            _ => (name, None),
        };
        let metric = self.encoder.encode_descriptor(name, help, unit, kind);
        let metric = metric.map_err(|error| self.outcome = Err(error)).ok();
        Samples { metric, kind, outcome: &mut self.outcome }
    }
}

impl Samples<'_> {
    /// A sample.
    pub fn add(&mut self, labels: &[(&str, &str)], value: impl Into<Number>) -> &mut Self {
        let value = value.into();
        let encode = |metric: &mut MetricEncoder<'_>, kind| match kind {
            MetricType::Counter => metric.encode_counter::<NoLabelSet, _, f64>(&value, None),
            MetricType::Info => metric.encode_info(&labels),
            _ => metric.encode_gauge(&value),
        };
        self.sample(if matches!(self.kind, MetricType::Info) { &[] } else { labels }, encode)
    }

    /// The one sample of a family without labels.
    pub fn value(&mut self, value: impl Into<Number>) {
        self.add(&[], value);
    }

    /// The samples of one histogram.
    pub fn histogram(&mut self, labels: &[(&str, &str)], histogram: &Histogram) -> &mut Self {
        let seen = histogram.snapshot();
        let buckets: [(f64, u64); BUCKETS] = std::array::from_fn(|at| {
            let before = at.checked_sub(1).map_or(0, |before| seen.cumulative[before]);
            (LATENCY_SECONDS.get(at).copied().unwrap_or(f64::INFINITY), seen.cumulative[at] - before)
        });
        self.sample(labels, |metric, _| {
            metric.encode_histogram::<NoLabelSet>(seen.sum, seen.count(), &buckets, None)
        })
    }

    fn sample(
        &mut self,
        labels: &[(&str, &str)],
        encode: impl FnOnce(&mut MetricEncoder<'_>, MetricType) -> fmt::Result,
    ) -> &mut Self {
        let Some(metric) = &mut self.metric else { return self };
        let done = if labels.is_empty() {
            encode(metric, self.kind)
        } else {
            metric.encode_family(&labels).and_then(|mut sample| encode(&mut sample, self.kind))
        };
        if let Err(error) = done {
            *self.outcome = Err(error);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_page_is_as_the_format_says() {
        let page = render(|page| {
            page.counter("esker_things", "Things").add(&[("topic", "a\"b\\c\nd"), ("x", "")], 3u64);
            page.gauge("esker_wal_used_bytes", "In use").value(-7i64);
            page.info("esker_build", "What runs").add(&[("version", "1.2.3")], 1u64);
            page.counter("esker_wait_seconds", "Waits").value(0.25);
        });
        assert_eq!(
            page.unwrap(),
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
        let text = render(move |page| {
            page.histogram("esker_x_seconds", "X").histogram(&[("api", "Fetch")], &histogram);
        });
        let text = text.unwrap();
        for line in [
            "# TYPE esker_x_seconds histogram\n",
            "esker_x_seconds_bucket{le=\"0.0005\",api=\"Fetch\"} 0\n",
            "esker_x_seconds_bucket{le=\"0.0025\",api=\"Fetch\"} 1\n",
            "esker_x_seconds_bucket{le=\"1.0\",api=\"Fetch\"} 1\n",
            "esker_x_seconds_bucket{le=\"+Inf\",api=\"Fetch\"} 2\n",
            "esker_x_seconds_sum{api=\"Fetch\"} 40.002\n",
            "esker_x_seconds_count{api=\"Fetch\"} 2\n",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[test]
    #[should_panic(expected = "once")]
    fn a_family_is_on_the_page_once() {
        let _ = render(|page| {
            page.gauge("a", "A").value(1u64);
            page.gauge("a", "A").value(1u64);
        });
    }
}
