//! What to put where, so that API servers convert by this webhook.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use super::arguments::{Arguments, PATH, Source};

pub(super) fn write(arguments: &Arguments, address: SocketAddr, stdout: &mut impl Write) -> io::Result<()> {
    let url = arguments.url(address);
    writeln!(stdout, "reviews at https://{address}{PATH}")?;
    match &arguments.source {
        Source::Folder(folder) => {
            let folder = folder.display();
            writeln!(
                stdout,
                "the certificate is {folder}/tls.crt; CRDs that are converted here, with its CA:"
            )?;
            writeln!(
                stdout,
                "  cargo run --example crds -- --webhook-url {url} --ca-bundle {folder}/ca.crt | kubectl apply --server-side -f -"
            )?;
            writeln!(
                stdout,
                "behind a Service, --webhook NAMESPACE/NAME instead of --webhook-url"
            )
        }
        Source::SelfIssued { namespace, service } => {
            writeln!(
                stdout,
                "the certificate is issued here, for {service}.{namespace}.svc and {url}; its CA is in the Secret \
                 {namespace}/{service}-certificates"
            )?;
            if arguments.apply {
                writeln!(
                    stdout,
                    "the CRDs are applied; they are converted here once they have the CA, in a moment"
                )
            } else {
                writeln!(
                    stdout,
                    "CRDs that are converted here: --apply for that URL; for the Service, deploy/crds.yaml"
                )
            }
        }
    }
}
