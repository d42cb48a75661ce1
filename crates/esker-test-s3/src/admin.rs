//! Faults over HTTP: `GET /-/faults` shows them, `PUT /-/faults?outage=true&fail_rate=0.1` changes those named. No
//! bucket can be called `-`, so this hides none.

use std::time::Duration;

use crate::{FaultSettings, Faults};

pub(crate) const PATH: &str = "/-/faults";

/// Carries out a request; the answer's status and body.
pub(crate) fn answer(faults: &Faults, change: bool, query: &str) -> (u16, String) {
    let mut settings = faults.settings();
    if change {
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            if let Err(why) = apply(&mut settings, pair) {
                return (400, format!("{why}\n"));
            }
        }
        faults.set(settings);
    }
    let FaultSettings { outage, fail_rate, lose_rate, cut_rate, latency } = settings;
    let latency = latency.as_millis();
    let injected = faults.injected();
    let mut text = format!(
        "outage={outage}\nfail_rate={fail_rate}\nlose_rate={lose_rate}\ncut_rate={cut_rate}\nlatency_ms={latency}\ninjected={injected}\n"
    );
    for (method, count) in faults.requests() {
        text.push_str(&format!("requests_{method}={count}\n"));
    }
    (200, text)
}

fn apply(settings: &mut FaultSettings, pair: &str) -> Result<(), String> {
    let (name, value) = pair.split_once('=').ok_or_else(|| format!("{pair:?} is not name=value"))?;
    let rate = || match value.parse::<f64>() {
        Ok(rate) if (0.0..=1.0).contains(&rate) => Ok(rate),
        _ => Err(format!("{name}: {value:?} is not a number from 0 to 1")),
    };
    match name {
        "outage" => {
            settings.outage = value.parse().map_err(|_| format!("outage: {value:?} is not true or false"))?
        }
        "fail_rate" => settings.fail_rate = rate()?,
        "lose_rate" => settings.lose_rate = rate()?,
        "cut_rate" => settings.cut_rate = rate()?,
        "latency_ms" => {
            let millis = value.parse().map_err(|_| format!("latency_ms: {value:?} is not a number"))?;
            settings.latency = Duration::from_millis(millis);
        }
        _ => {
            return Err(format!(
                "unknown fault {name:?}: outage, fail_rate, lose_rate, cut_rate or latency_ms"
            ));
        }
    }
    Ok(())
}
