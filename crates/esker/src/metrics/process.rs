//! The process: what the kernel says of it, and what went wrong in it.

use std::sync::atomic::{AtomicU64, Ordering};

use esker_metrics::Page;
use rustix::process::{Resource, getrlimit};

/// Panics of any thread since the start. A panic is a bug; the counter is there to be alerted on. The one figure that brokers of
/// one process share.
static PANICS: AtomicU64 = AtomicU64::new(0);

/// Clock ticks per second in /proc, which Linux fixes at 100 for all programs.
const TICKS: f64 = 100.0;

/// Counts panics from now on, besides printing them as before.
pub(crate) fn count_panics() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        print(info);
    }));
}

/// What is left out cannot be read on this system.
pub(super) fn write(page: &mut Page<'_>) {
    page.info("esker_build", "What runs").add(&[("version", env!("CARGO_PKG_VERSION"))], 1u64);
    page.counter("esker_panics", "Panics of any thread since the start")
        .value(PANICS.load(Ordering::Relaxed));
    page.gauge("process_resident_memory_bytes", "Resident memory of the process").value(resident_bytes());
    let stat = proc("stat");
    // Behind the name, which may hold anything: field 3 is the first.
    let fields: Vec<&str> =
        stat.rsplit_once(") ").map(|(_, rest)| rest.split(' ').collect()).unwrap_or_default();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    if let (Some(user), Some(system)) = (field(14), field(15)) {
        let seconds = (user + system) as f64 / TICKS;
        page.counter("process_cpu_seconds", "User and system time of the process").value(seconds);
    }
    if let (Some(ticks), Some(boot)) = (field(22), boot_seconds()) {
        let start = boot as f64 + ticks as f64 / TICKS;
        page.gauge("process_start_time_seconds", "When the process started, since the Unix epoch")
            .value(start);
    }
    #[allow(clippy::disallowed_methods, reason = "the kernel's figures are not on any disk")]
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        page.gauge("process_open_fds", "Open file descriptors").value(open.count().saturating_sub(1));
    }
    if let Some(most) = getrlimit(Resource::Nofile).current {
        page.gauge("process_max_fds", "File descriptors that may be open").value(most);
    }
}

#[allow(clippy::disallowed_methods, reason = "the kernel's figures are not on any disk")]
fn proc(name: &str) -> String {
    std::fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default()
}

/// Resident memory as Linux counts it; 0 where it cannot be read.
fn resident_bytes() -> u64 {
    let status = proc("status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// When the machine started, seconds since the Unix epoch.
#[allow(clippy::disallowed_methods, reason = "the kernel's figures are not on any disk")]
fn boot_seconds() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}
