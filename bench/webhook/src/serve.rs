//! The server, with a certificate of its own, until its standard input ends.

use std::{error::Error, fs, io::Read as _, sync::Arc, time::SystemTime};

use smi_sdk::{
    convert,
    webhook::{
        Certificates, Server,
        certificates::{Current, Serving},
    },
};
use tokio::net::TcpListener;
use tokio_rustls::rustls::{crypto::ring::sign::any_supported_type, pki_types::PrivateKeyDer, sign::CertifiedKey};

/// Prints the address; the certificate's root comes to the file `root` as DER.
pub fn run(root: &str) -> Result<(), Box<dyn Error>> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    fs::write(root, made.cert.der())?;
    let key = any_supported_type(&PrivateKeyDer::try_from(made.signing_key.serialize_der())?)?;
    let current = Current::default();
    current.set(Serving {
        key: Arc::new(CertifiedKey::new(vec![made.cert.der().clone()], key)),
        not_after: SystemTime::now(),
    });
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            println!("{}", listener.local_addr()?);
            let stopped = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
            Server::new(Certificates::new(current, async {}))
                .conversion("/convert", convert::converters())
                .serve(listener, async { drop(stopped.await) })
                .await?;
            Ok(())
        })
}
