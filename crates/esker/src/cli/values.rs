//! Argument values that need parsing.

use esker_client::{Acks, StartAt};
use esker_core::batch::Compression;

/// `KEY=VALUE`.
pub(crate) fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".into()),
    }
}

/// The name of a codec.
pub(crate) fn compression(text: &str) -> Result<Compression, String> {
    let names = || Compression::ALL.map(Compression::as_str).join(", ");
    Compression::ALL
        .into_iter()
        .find(|codec| codec.as_str() == text)
        .ok_or_else(|| format!("expected one of {}", names()))
}

/// `0`, `1`, `all` or `-1`.
pub(crate) fn acks(text: &str) -> Result<Acks, String> {
    match text {
        "0" => Ok(Acks::None),
        "1" => Ok(Acks::Leader),
        "all" | "-1" => Ok(Acks::All),
        _ => Err("expected 0, 1 or all".into()),
    }
}

/// `earliest`, `latest`, an offset, or `@` and a timestamp.
pub(crate) fn start_at(text: &str) -> Result<StartAt, String> {
    match text {
        "earliest" | "beginning" => return Ok(StartAt::Earliest),
        "latest" | "end" => return Ok(StartAt::Latest),
        _ => {}
    }
    let wrong = || {
        "expected earliest, latest, an offset, or @TIMESTAMP (milliseconds since 1970, or like @2026-01-31T12:00:00Z)"
            .to_owned()
    };
    match text.strip_prefix('@') {
        Some(time) => timestamp(time).map(StartAt::Timestamp).ok_or_else(wrong),
        None => text.parse().ok().filter(|offset| *offset >= 0).map(StartAt::Offset).ok_or_else(wrong),
    }
}

/// Milliseconds since the Unix epoch, or a UTC date with or without a time.
pub(crate) fn timestamp(text: &str) -> Option<i64> {
    if let Ok(millis) = text.parse::<i64>() {
        return (millis >= 0).then_some(millis);
    }
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let mut parts = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let mut parts = time.splitn(3, ':');
    let hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next()?.parse().ok()?;
    let second: f64 = parts.next().unwrap_or("0").parse().ok()?;
    let valid = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0.0..61.0).contains(&second);
    if !valid {
        return None;
    }
    let seconds = days_since_epoch(year, month, day) * 86_400 + hour * 3_600 + minute * 60;
    Some(seconds * 1_000 + (second * 1_000.0).round() as i64)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar: years counted from March, so that the leap day is last.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

/// A timestamp as people read it, to the second; `-` for none.
pub(crate) fn utc(millis: i64) -> String {
    if millis < 0 {
        return "-".to_owned();
    }
    let (days, second) = (millis / 86_400_000, millis / 1_000 % 86_400);
    // Years counted from March again; 400 of them have 146,097 days.
    let (era, day) = ((days + 719_468) / 146_097, (days + 719_468) % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) =
        (era * 400 + year + i64::from(month >= 10), if month < 10 { month + 3 } else { month - 9 });
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_milliseconds() {
        for (text, millis) in [
            ("0", 0),
            ("1970-01-01", 0),
            ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("2026-01-31T12:00:00.250Z", 1_769_860_800_250),
            ("2026-01-31 12:00", 1_769_860_800_000),
        ] {
            assert_eq!(timestamp(text), Some(millis), "{text}");
        }
        for text in ["-1", "tomorrow", "2026-13-01", "2026-01-31T25:00:00"] {
            assert_eq!(timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn milliseconds_become_dates() {
        assert_eq!((utc(-1), utc(0)), ("-".to_owned(), "1970-01-01T00:00:00Z".to_owned()));
        assert_eq!(utc(1_769_860_800_250), "2026-01-31T12:00:00Z");
        // Every day until the year 2106, and a time of day.
        for day in 0..49_710 {
            let millis = day * 86_400_000 + 45_296_000;
            let text = utc(millis);
            assert!(text.ends_with("T12:34:56Z"), "{text}");
            assert_eq!(timestamp(&text), Some(millis), "{text}");
        }
    }

    #[test]
    fn starts_are_words_offsets_and_times() {
        assert_eq!(start_at("earliest"), Ok(StartAt::Earliest));
        assert_eq!(start_at("42"), Ok(StartAt::Offset(42)));
        assert_eq!(start_at("@42"), Ok(StartAt::Timestamp(42)));
        assert!(start_at("-1").is_err() && start_at("soon").is_err());
    }
}
