//! A TCP proxy on loopback in front of a server: what passes can be cut and stalled. It knows nothing of TLS, which passes
//! through, so that a cut is where no protocol expects one.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

use crate::Error;

/// Bytes that are read at a time.
const CHUNK: usize = 4096;

/// A proxy in front of one address. It ends, with its connections, when it is dropped; it runs in the tokio runtime in
/// which it was started.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    flow: watch::Sender<Flow>,
    taken: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

/// What the proxy does to its connections.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    /// How often all connections were cut.
    cuts: u64,
    /// How often all connections were told to end soon.
    limits: u64,
    /// After how many more bytes of the server.
    left: usize,
    /// After how many bytes of the server each new connection ends.
    new_left: Option<usize>,
    is_stalled: bool,
}

impl Proxy {
    /// Listens on a free port and passes everything on to `server`.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start(server: SocketAddr) -> Result<Self, Error> {
        let failed = || "listen on loopback".to_owned();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(Error::io(failed))?;
        let address = listener.local_addr().map_err(Error::io(failed))?;
        let (flow, taken) = (watch::Sender::default(), Arc::default());
        let accepting = tokio::spawn(accept(listener, server, flow.subscribe(), Arc::clone(&taken)));
        Ok(Self {
            address,
            flow,
            taken,
            accepting,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it has taken since it was started.
    pub fn connections(&self) -> usize {
        self.taken.load(Ordering::Acquire)
    }

    /// Cuts every connection now.
    pub fn cut(&self) {
        self.flow.send_modify(|flow| flow.cuts += 1);
    }

    /// Cuts each connection that is open when `bytes` more bytes of the server have passed: within an answer.
    pub fn cut_after(&self, bytes: usize) {
        self.flow.send_modify(|flow| {
            flow.limits += 1;
            flow.left = bytes;
        });
    }

    /// Cuts each connection that is made from now on when `bytes` bytes of the server have passed, until told otherwise.
    pub fn cut_new_after(&self, bytes: Option<usize>) {
        self.flow.send_modify(|flow| flow.new_left = bytes);
    }

    /// Keeps all bytes back, in both directions, without closing anything. New connections are accepted and get nowhere.
    pub fn stall(&self) {
        self.flow.send_modify(|flow| flow.is_stalled = true);
    }

    /// Lets bytes pass again.
    pub fn go_on(&self) {
        self.flow.send_modify(|flow| flow.is_stalled = false);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // The connections end with the sender of their flow.
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, flow: watch::Receiver<Flow>, taken: Arc<AtomicUsize>) {
    loop {
        // A connection that was gone before it was taken; the listener goes on.
        let Ok((client, _)) = listener.accept().await else {
            continue;
        };
        taken.fetch_add(1, Ordering::AcqRel);
        let flow = flow.clone();
        tokio::spawn(async move {
            // A server that is not there refuses; so do we, by closing.
            if let Ok(server) = TcpStream::connect(server).await {
                pass(client, server, flow).await;
            }
        });
    }
}

/// Passes bytes both ways until one side ends or the connection is cut, which drops both.
async fn pass(client: TcpStream, server: TcpStream, flow: watch::Receiver<Flow>) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = pump(from_client, to_server, flow.clone(), false) => {}
        () = pump(from_server, to_client, flow, true) => {}
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut flow: watch::Receiver<Flow>, is_answer: bool) {
    let begun = *flow.borrow_and_update();
    let mut limits = begun.limits;
    let mut left = begun.new_left.filter(|_| is_answer);
    let mut chunk = [0; CHUNK];
    loop {
        let now = *flow.borrow_and_update();
        if now.cuts != begun.cuts {
            return;
        }
        if is_answer && now.limits != limits {
            limits = now.limits;
            left = Some(now.left);
        }
        if now.is_stalled {
            match flow.changed().await {
                Ok(()) => continue,
                Err(_) => return,
            }
        }
        let read = tokio::select! {
            biased;
            changed = flow.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
            read = from.read(&mut chunk) => read.unwrap_or_default(),
        };
        let passed = left.map_or(read, |left: usize| left.min(read));
        if read == 0 || to.write_all(&chunk[..passed]).await.is_err() {
            return;
        }
        left = left.map(|left| left - passed);
        if left == Some(0) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that sends back what it gets.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        address
    }

    async fn say(stream: &mut TcpStream, text: &str) -> String {
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = vec![0; text.len()];
        let read = stream.read_exact(&mut answer).await;
        read.map_or_else(|_| "cut".to_owned(), |_| String::from_utf8(answer).unwrap())
    }

    #[tokio::test]
    async fn bytes_pass_until_the_connection_is_cut() {
        let proxy = Proxy::start(echo().await).await.unwrap();
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(say(&mut stream, "hello").await, "hello");
        assert_eq!(proxy.connections(), 1);
        proxy.cut();
        assert_eq!(stream.read(&mut [0]).await.unwrap_or_default(), 0);
        let mut next = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(say(&mut next, "again").await, "again");
    }

    #[tokio::test]
    async fn a_cut_can_be_in_the_middle_of_an_answer() {
        let proxy = Proxy::start(echo().await).await.unwrap();
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(say(&mut stream, "hello").await, "hello");
        proxy.cut_after(3);
        stream.write_all(b"hello").await.unwrap();
        let mut answer = Vec::new();
        // The end may come as an error: there are bytes that nobody read.
        drop(stream.read_to_end(&mut answer).await);
        assert_eq!(answer, b"hel");
        let mut next = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(say(&mut next, "again").await, "again", "only those that were open");
        proxy.cut_new_after(Some(2));
        let mut bad = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(say(&mut bad, "hello").await, "cut");
        assert_eq!(say(&mut next, "still").await, "still");
    }

    #[tokio::test]
    async fn what_is_stalled_passes_later() {
        let proxy = Proxy::start(echo().await).await.unwrap();
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(say(&mut stream, "hello").await, "hello");
        proxy.stall();
        stream.write_all(b"later").await.unwrap();
        let mut answer = [0; 5];
        let waiting = tokio::time::timeout(std::time::Duration::from_millis(50), stream.read_exact(&mut answer));
        assert!(waiting.await.is_err(), "nothing passes");
        proxy.go_on();
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"later");
    }
}
