//! Stored objects rewritten at the version that their CRD stores, without loss and restartable.
//!
//! A CRD that gets another storage version keeps what was stored before as it is: etcd then holds both versions, and
//! `status.storedVersions` says so. As long as it does, the old version cannot leave the CRD. This rewrites every object
//! at the storage version and then takes the others out of `status.storedVersions`.
//!
//! ```no_run
//! # async fn example(client: kube::Client) {
//! use smi_sdk::migrate::{Event, StorageVersionMigration};
//!
//! // Every CRD of SMI; `.crds([..])` for others, which need not be of SMI.
//! let migration = StorageVersionMigration::new(client).dry_run(true);
//! let report = migration
//!     .run(|event| {
//!         if let Event::Progress { crd, done, total } = event {
//!             eprint!("\r{crd}: {done} of {}", total.map_or("?".to_owned(), |total| total.to_string()));
//!         }
//!     })
//!     .await;
//! println!("{report}");
//! assert!(report.is_complete());
//! # }
//! ```
//!
//! # How it goes
//! 1. The CRD is read. One that is not installed, or whose `status.storedVersions` is the storage version alone, is done.
//! 2. Discovery is asked until it knows the storage version: an API server learns of a changed CRD a moment later, and
//!    would store at the old version until then.
//! 3. The names of the objects are listed in pages, at the storage version, and an empty merge patch is sent for each. An
//!    API server that finds nothing changed writes an object nevertheless where its bytes in etcd are those of another
//!    version. This is what the migrator of Kubernetes itself does. Nothing of the object passes through this program,
//!    and no write of anybody else can be undone by it. Labels, `generation` and field owners stay as they are; only
//!    `resourceVersion` grows. An object that is gone meanwhile needs nothing.
//! 4. The CRD is read again. If its spec is what it was, `status.storedVersions` is set to the storage version, on the
//!    condition that nobody writes the CRD at the same time. If not, all begins anew: it may have stored at another version
//!    in between.
//!
//! An object that cannot be rewritten is reported, the others are, and `status.storedVersions` stays as it was. The usual
//! causes are a conversion webhook that refuses it, and a schema of the storage version that does not admit it.
//!
//! # Interrupted
//! The state of a migration is the cluster's, nothing is kept elsewhere: dropped at any point and run again it comes to
//! the same end. An object that is at the storage version already costs a request and no write.
//!
//! # Loss
//! Without a webhook (`strategy: None`) an API server converts by changing `apiVersion`, and drops what the schema of
//! the new version does not have. Rewriting would make that final. So where a CRD has no webhook and the schemas of its
//! versions differ, every object is read at each of the stored versions first, and one that would lose a field is not
//! rewritten but reported. What a webhook loses is beyond this; those of `smi-webhook` lose nothing.
//!
//! # What it needs
//! [`role`] is the least. With several API servers in front of one etcd, all must know of the CRD's change; each learns of
//! it within seconds, and discovery is an answer of one of them.

mod definition;
mod error;
mod event;
mod loss;
mod object;
mod page;
mod rbac;
mod report;
mod retry;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, ResourceExt,
    api::{Patch, PatchParams},
};
use serde_json::json;

use self::{
    definition::Definition,
    object::Rewrite,
    page::{Page, Pages},
};
pub use self::{
    error::MigrateError,
    event::Event,
    rbac::role,
    report::{Counts, CrdReport, Failure, Outcome, Report},
};

/// Who writes, in the API server's logs; nothing that is written gets it as its field owner.
const MANAGER: &str = "smi-storage-version-migration";

/// How often a CRD may change under a migration before it is left alone.
const ROUNDS: usize = 5;

/// A migration of the stored objects of some CRDs. See the [module](self).
#[derive(Clone)]
pub struct StorageVersionMigration {
    client: Client,
    crds: Vec<String>,
    dry_run: bool,
    concurrency: usize,
    page_size: u32,
    give_up_after: usize,
}

impl StorageVersionMigration {
    /// Of every CRD of SMI, in pages of 500 objects, eight requests at a time.
    pub fn new(client: Client) -> Self {
        let crds = crate::crds(&crate::CrdOptions::all_served());
        Self {
            client,
            crds: crds.iter().map(ResourceExt::name_any).collect(),
            dry_run: false,
            concurrency: 8,
            page_size: 500,
            give_up_after: 100,
        }
    }

    /// Of these CRDs instead, by their names (`trafficsplits.split.smi-spec.io`), in this order.
    #[must_use]
    pub fn crds(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.crds = names.into_iter().map(Into::into).collect();
        self
    }

    /// Whether nothing is to be written: the server does all that a write needs, conversion and validation, and stops in
    /// front of etcd. It does not say which objects it would have written.
    #[must_use]
    pub const fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// At most so many requests at a time; 0 counts as 1.
    #[must_use]
    pub const fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = if requests == 0 { 1 } else { requests };
        self
    }

    /// At most so many names at a time; 0 counts as 1.
    #[must_use]
    pub const fn page_size(mut self, objects: u32) -> Self {
        self.page_size = if objects == 0 { 1 } else { objects };
        self
    }

    /// Leaves a CRD when so many of its objects cannot be rewritten, 100 by default: the webhook is out of order then, and
    /// each further one would be waited for in vain.
    #[must_use]
    pub const fn give_up_after(mut self, failures: usize) -> Self {
        self.give_up_after = failures;
        self
    }

    /// Migrates one CRD after the other, and tells `on_event` what happens.
    ///
    /// It ends with a report, whatever happens: a CRD that fails does not keep the others from being migrated. Dropped, it
    /// ends at once, with nothing to clean up.
    pub async fn run(&self, mut on_event: impl FnMut(Event<'_>) + Send) -> Report {
        let mut report = Report {
            dry_run: self.dry_run,
            crds: Vec::new(),
        };
        for name in &self.crds {
            let mut of_crd = CrdReport::new(name);
            match self.migrate(&mut of_crd, &mut on_event).await {
                Ok(outcome) => of_crd.outcome = outcome,
                Err(error) => of_crd.error = Some(error),
            }
            on_event(Event::Finished(&of_crd));
            report.crds.push(of_crd);
        }
        report
    }

    async fn migrate(
        &self,
        report: &mut CrdReport,
        on_event: &mut (impl FnMut(Event<'_>) + Send),
    ) -> Result<Outcome, MigrateError> {
        for _ in 0..ROUNDS {
            let definition = self.definition(&report.crd).await?;
            report.begin(definition.as_ref());
            let Some(definition) = definition else {
                return Ok(Outcome::NotInstalled);
            };
            if definition.is_up_to_date() {
                return Ok(Outcome::UpToDate);
            }
            on_event(Event::Started {
                crd: &report.crd,
                stored_versions: &definition.stored_versions,
                storage_version: &definition.storage_version,
            });
            let passed = self.pass(&definition, report, on_event).await;
            let is_complete = passed.is_ok() && report.failed.is_empty();
            if is_complete && !self.dry_run {
                if self.trim(&definition).await? {
                    return Ok(Outcome::Migrated);
                }
            } else if self.is_as_it_was(&definition).await? {
                passed?;
                return Ok(if self.dry_run {
                    Outcome::DryRun
                } else {
                    Outcome::Incomplete
                });
            }
            on_event(Event::StartedOver { crd: &report.crd });
        }
        Err(MigrateError::Changing { rounds: ROUNDS })
    }

    /// Rewrites every object once.
    async fn pass(
        &self,
        definition: &Definition,
        report: &mut CrdReport,
        on_event: &mut (impl FnMut(Event<'_>) + Send),
    ) -> Result<(), MigrateError> {
        definition.check_served()?;
        definition.until_discovered(&self.client).await?;
        let mut pages = Pages::new(&self.client, definition, self.page_size);
        let rewrite = Rewrite::new(&self.client, definition, self.dry_run);
        while let Some(page) = pages.next().await? {
            match page {
                Page::Unreadable(failure) => report.fail(failure, on_event),
                Page::Objects { objects, remaining } => {
                    let listed = report.seen() + objects.len();
                    let total = remaining.map(|remaining| listed + remaining);
                    rewrite
                        .all(objects, self.concurrency, |object, written| {
                            match written {
                                Ok(written) => report.objects.count(written),
                                Err(error) => report.fail(Failure { object, error }, on_event),
                            }
                            on_event(Event::Progress {
                                crd: &report.crd,
                                done: report.seen(),
                                total,
                            });
                            report.failed.len() < self.give_up_after
                        })
                        .await;
                }
            }
            if report.failed.len() >= self.give_up_after {
                return Err(MigrateError::GivenUp {
                    failures: report.failed.len(),
                });
            }
        }
        Ok(())
    }

    /// Takes the other versions out of `status.storedVersions`; tells whether the CRD was still what it was.
    async fn trim(&self, definition: &Definition) -> Result<bool, MigrateError> {
        let (api, name) = (self.api(), &definition.name);
        let params = PatchParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PatchParams::default()
        };
        // Controllers of the server write the status at any time.
        let trimmed = retry::of(retry::of_write, || async {
            let now = api.get_opt(name).await?;
            let Some(now) = now.filter(|now| definition.is_still(now)) else {
                return Ok(false);
            };
            let patch = Patch::Merge(json!({
                "metadata": {"resourceVersion": now.resource_version()},
                "status": {"storedVersions": [definition.storage_version]},
            }));
            api.patch_status(name, &params, &patch).await?;
            Ok(true)
        });
        Ok(trimmed.await?)
    }

    async fn is_as_it_was(&self, definition: &Definition) -> Result<bool, MigrateError> {
        let now = self.read(&definition.name).await?;
        Ok(now.is_some_and(|now| definition.is_still(&now)))
    }

    async fn definition(&self, name: &str) -> Result<Option<Definition>, MigrateError> {
        let crd = self.read(name).await?;
        crd.as_ref().map(Definition::of).transpose()
    }

    async fn read(&self, name: &str) -> Result<Option<CustomResourceDefinition>, MigrateError> {
        let api = self.api();
        Ok(retry::of(retry::of_read, || api.get_opt(name)).await?)
    }

    fn api(&self) -> Api<CustomResourceDefinition> {
        Api::all(self.client.clone())
    }
}

impl std::fmt::Debug for StorageVersionMigration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StorageVersionMigration")
            .field("crds", &self.crds)
            .field("dry_run", &self.dry_run)
            .field("concurrency", &self.concurrency)
            .field("page_size", &self.page_size)
            .field("give_up_after", &self.give_up_after)
            .finish_non_exhaustive()
    }
}
