//! Free ports on loopback.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process,
    sync::atomic::{AtomicU16, Ordering},
};

use crate::Error;

/// Below what operating systems give to outgoing connections, so that none takes the port of a server that restarts.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// Clusters of one process never try the same port, and processes start at different ones.
static NEXT: AtomicU16 = AtomicU16::new(0);

/// An address on loopback on which nothing listens, and that nothing else of these tests is given.
///
/// # Errors
/// Where no port can be had.
pub fn free() -> Result<SocketAddr, Error> {
    let start = process::id().wrapping_mul(97) % u32::from(COUNT);
    let mut failure = None;
    for _ in 0..COUNT {
        let next = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let offset = u16::try_from((start + next) % u32::from(COUNT)).unwrap_or_default();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, FIRST + offset));
        match TcpListener::bind(address) {
            Ok(_) => return Ok(address),
            Err(error) => failure = Some(error),
        }
    }
    Err(Error::Io {
        what: "find a free port".to_owned(),
        source: failure.unwrap_or_else(|| std::io::ErrorKind::AddrInUse.into()),
    })
}
