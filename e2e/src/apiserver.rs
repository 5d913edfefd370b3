//! How kube-apiserver is started.

use std::{net::SocketAddr, path::Path};

use crate::certificates::{Certificates, FRONT_PROXY};

/// The arguments: TLS at `address`, its objects in the etcd at `etcd`.
///
/// The endpoint reconciler is off because it refuses a loopback address, and the admission of service accounts because
/// there is no controller that makes them. The front proxy's certificates are what an aggregated API needs.
pub(crate) fn arguments(address: SocketAddr, etcd: SocketAddr, certificates: &Certificates) -> Vec<String> {
    let file = |flag: &str, path: &Path| format!("--{flag}={}", path.display());
    vec![
        format!("--etcd-servers=http://{etcd}"),
        format!("--bind-address={}", address.ip()),
        format!("--secure-port={}", address.port()),
        file("tls-cert-file", &certificates.server.certificate),
        file("tls-private-key-file", &certificates.server.key),
        file("client-ca-file", &certificates.ca),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        file("service-account-key-file", &certificates.service_account.certificate),
        file("service-account-signing-key-file", &certificates.service_account.key),
        "--authorization-mode=RBAC".to_owned(),
        "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
        "--disable-admission-plugins=ServiceAccount".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        file("requestheader-client-ca-file", &certificates.front_proxy_ca),
        format!("--requestheader-allowed-names={FRONT_PROXY}"),
        "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
        "--requestheader-group-headers=X-Remote-Group".to_owned(),
        "--requestheader-username-headers=X-Remote-User".to_owned(),
        file("proxy-client-cert-file", &certificates.front_proxy.certificate),
        file("proxy-client-key-file", &certificates.front_proxy.key),
    ]
}
