//! Time and memory of this process.

use std::{fs, hint::black_box, time::Instant};

pub struct Measured {
    pub wall_ms: f64,
    pub cpu_ms: f64,
    /// Resident bytes when free memory is given back.
    pub rss: u64,
    /// Resident bytes before that.
    pub untrimmed: u64,
    pub peak: u64,
}

impl Measured {
    pub fn now(start: Instant) -> Self {
        let (wall_ms, cpu_ms) = (start.elapsed().as_secs_f64() * 1e3, cpu_ms());
        let (peak, untrimmed) = (status("VmHWM:"), status("VmRSS:"));
        Self {
            wall_ms,
            cpu_ms,
            rss: resident(),
            untrimmed,
            peak,
        }
    }
}

/// Resident bytes, when free memory is given back as the contract of the peers asks.
pub fn resident() -> u64 {
    // SAFETY: takes no pointers.
    unsafe { libc::malloc_trim(0) };
    status("VmRSS:")
}

/// User and system time of this process.
pub fn cpu_ms() -> f64 {
    // SAFETY: all zeroes is a value of this plain struct, and getrusage fills it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let ms = |time: libc::timeval| time.tv_sec as f64 * 1e3 + time.tv_usec as f64 / 1e3;
    ms(usage.ru_utime) + ms(usage.ru_stime)
}

fn status(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .unwrap_or_default();
    line.split_whitespace()
        .next()
        .and_then(|kib| kib.parse::<u64>().ok())
        .unwrap_or_default()
        * 1024
}

/// Nanoseconds of one call.
pub fn each<K>(keys: &[K], call: impl Fn(&K) -> usize) -> f64 {
    let start = Instant::now();
    let mut sum = 0;
    for key in keys {
        sum += call(key);
    }
    black_box(sum);
    start.elapsed().as_secs_f64() * 1e9 / keys.len() as f64
}

/// A random order that is the same in each run.
pub fn shuffle<T>(items: &mut [T]) {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for last in (1..items.len()).rev() {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        items.swap(last, (seed % (last as u64 + 1)) as usize);
    }
}

pub struct Line<'a> {
    pub client: &'a str,
    pub variant: &'a str,
    pub objects: usize,
    pub bucket: f64,
    pub read: f64,
}

impl Line<'_> {
    pub fn print(&self, measured: &Measured) {
        let Self {
            client,
            variant,
            objects,
            bucket,
            read,
        } = self;
        let Measured {
            wall_ms,
            cpu_ms,
            rss,
            untrimmed,
            peak,
        } = measured;
        let number = |number: &f64| {
            if number.is_nan() {
                "null".to_owned()
            } else {
                format!("{number:.1}")
            }
        };
        println!(
            "{{\"client\": \"{client}\", \"variant\": \"{variant}\", \"objects\": {objects}, \"wall_ms\": {wall_ms:.1}, \
             \"cpu_ms\": {cpu_ms:.1}, \"rss_bytes\": {rss}, \"untrimmed_rss_bytes\": {untrimmed}, \"peak_rss_bytes\": {peak}, \"lookup_ns\": {}, \"bucket_ns\": {}}}",
            number(read),
            number(bucket),
        );
    }
}
