//! A cluster: one etcd and one kube-apiserver, from their start to their end.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use kube::{Client, Config, config::KubeConfigOptions};

use crate::{
    Error, LIMIT, Proxy, apiserver,
    certificates::{Certificates, SERVER_NAME},
    etcd,
    folder::Folder,
    kubeconfig, ports,
    programs::Programs,
    server::Server,
    until,
};

/// A running kube-apiserver with its etcd; both end when it is dropped, and when this process ends in any other way.
///
/// It belongs to no async runtime, so that tests with a runtime each can share one.
#[derive(Debug)]
pub struct Cluster {
    // In the order in which they are dropped: the server before its store, the folder when nothing writes to it.
    apiserver: Server,
    etcd: Server,
    programs: Programs,
    kubeconfig: PathBuf,
    config: Config,
    folder: Folder,
}

impl Cluster {
    /// Starts etcd and kube-apiserver and waits until both are ready.
    ///
    /// # Errors
    /// [`Error::NoPrograms`] outside `e2e/run`; [`Error::Ended`] with the end of the log where a server does not stay;
    /// [`Error::TimedOut`]; and whatever keeps folder, certificates or processes from being made.
    pub async fn start() -> Result<Self, Error> {
        let programs = Programs::from_env()?;
        let folder = Folder::create()?;
        let certificates = Certificates::issue(folder.path())?;
        let (client, peer, address) = (ports::free()?, ports::free()?, ports::free()?);

        let data = folder.path().join("etcd");
        let etcd = Server::new(
            "etcd",
            &programs.etcd,
            client,
            etcd::arguments(&data, client, peer),
            &folder,
        );
        let arguments = apiserver::arguments(address, client, &certificates);
        let apiserver = Server::new("kube-apiserver", &programs.apiserver, address, arguments, &folder);

        let admin = kubeconfig::admin(address, &certificates);
        let kubeconfig = kubeconfig::write(&admin, folder.path())?;
        let config = Config::from_custom_kubeconfig(admin, &KubeConfigOptions::default()).await?;
        let mut cluster = Self {
            apiserver,
            etcd,
            programs,
            kubeconfig,
            config,
            folder,
        };
        cluster.start_etcd()?;
        cluster.start_apiserver().await?;
        Ok(cluster)
    }

    /// A client with the rights of `system:masters`.
    ///
    /// It belongs to the tokio runtime in which this is called: each test gets its own.
    ///
    /// # Errors
    /// Where its certificates cannot be used.
    pub fn client(&self) -> Result<Client, Error> {
        Ok(Client::try_from(self.config.clone())?)
    }

    /// The configuration of that client, for a test that changes it, to impersonate a user for instance.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The same by way of `proxy`, which stands in front of kube-apiserver. The server is known by its name in TLS,
    /// wherever it is reached.
    ///
    /// # Errors
    /// Where the proxy's address makes no URL.
    pub fn config_through(&self, proxy: &Proxy) -> Result<Config, Error> {
        let mut config = self.config.clone();
        config.cluster_url = format!("https://{}", proxy.address())
            .parse()
            .map_err(http::Error::from)?;
        config.tls_server_name = Some(SERVER_NAME.to_owned());
        Ok(config)
    }

    /// The admin's kubeconfig.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The folder that holds the kubeconfig, the certificates, the logs and etcd's data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where kube-apiserver listens.
    pub fn apiserver_address(&self) -> SocketAddr {
        self.apiserver.address()
    }

    /// Where etcd listens for its clients.
    pub fn etcd_address(&self) -> SocketAddr {
        self.etcd.address()
    }

    /// Kills kube-apiserver (`SIGKILL`): it drops its connections and saves nothing.
    pub fn kill_apiserver(&mut self) {
        self.apiserver.kill();
    }

    /// Starts kube-apiserver again, on the same port and the same etcd, and waits until it is ready.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub async fn start_apiserver(&mut self) -> Result<(), Error> {
        self.apiserver.start(&self.folder)?;
        self.until_ready().await
    }

    /// Kills etcd (`SIGKILL`) under the running kube-apiserver.
    pub fn kill_etcd(&mut self) {
        self.etcd.kill();
    }

    /// Starts etcd again on the same port and the same data. [`until_ready`](Self::until_ready) waits until
    /// kube-apiserver has found it.
    ///
    /// # Errors
    /// Where the program cannot be started.
    pub fn start_etcd(&mut self) -> Result<(), Error> {
        self.etcd.start(&self.folder)
    }

    /// Kills kube-apiserver, starts it again and waits until it is ready.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub async fn restart_apiserver(&mut self) -> Result<(), Error> {
        self.kill_apiserver();
        self.start_apiserver().await
    }

    /// Kills etcd, starts it again and waits until kube-apiserver is ready with it.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub async fn restart_etcd(&mut self) -> Result<(), Error> {
        self.kill_etcd();
        self.start_etcd()?;
        self.until_ready().await
    }

    /// Waits until kube-apiserver says that it is ready; it asks its etcd too.
    ///
    /// # Errors
    /// [`Error::Ended`] where one of the two is not there any more, [`Error::TimedOut`] after [`LIMIT`].
    pub async fn until_ready(&mut self) -> Result<(), Error> {
        until("kube-apiserver is ready", LIMIT, async || {
            self.etcd.check()?;
            self.apiserver.check()?;
            // It refuses connections until it listens, and answers 500 until everything in it has started.
            Ok(self
                .read("/readyz")
                .await
                .is_ok_and(|response| response.is_success())
                .then_some(()))
        })
        .await
    }

    pub(crate) fn programs(&self) -> &Programs {
        &self.programs
    }
}
