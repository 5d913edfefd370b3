//! What the proxy of one service account must know.

use std::collections::BTreeSet;

use smi_sdk::{
    access::{
        ServiceIdentity,
        rule::{HTTP_ROUTE_GROUP, TCP_ROUTE, UDP_ROUTE},
        v1alpha4::{IdentitySchemes, Rule},
    },
    core::key::ObjectKey,
    informers::Projected,
    specs::v1alpha4::HttpMatch,
    split::v1alpha4::Backend,
};

use super::objects::{Grant, Objects, destination};

/// What a proxy must know, at one version.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Snapshot {
    /// Greater than that of every snapshot before it, of whichever account and of this cache or one before it: see
    /// [`Cache::start`](super::snapshots::Cache::start).
    pub(crate) version: u64,
    pub(crate) content: Content,
}

/// What a proxy must know.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Content {
    /// What may come in: one for each TrafficTarget. Without any nothing may.
    pub(crate) inbound: Vec<Inbound>,
    /// How what goes out to Services of the account's namespace is divided.
    pub(crate) splits: Vec<SplitOf>,
}

/// Who may send what, as one TrafficTarget says.
///
/// This is what the target names, found and put side by side; to decide about a request is for the policy engine. What it
/// names and nobody has is in `dangling`, and in no other field: it grants nothing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Inbound {
    pub(crate) target: ObjectKey,
    pub(crate) sources: Vec<ServiceIdentity>,
    pub(crate) bindings: Vec<IdentitySchemes>,
    pub(crate) http: Vec<HttpMatch>,
    /// The ports of each TCPRoute; an empty list is every port.
    pub(crate) tcp: Vec<Vec<u16>>,
    pub(crate) udp: Vec<Vec<u16>>,
    pub(crate) dangling: Vec<String>,
}

/// A TrafficSplit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SplitOf {
    pub(crate) service: String,
    pub(crate) backends: Vec<Backend>,
    /// The requests that it is for; none for all.
    pub(crate) only: Option<Vec<HttpMatch>>,
}

impl Content {
    /// What the proxy of `account` must know, as the listers are now.
    pub(crate) fn of(account: &ServiceIdentity, objects: &Objects) -> Self {
        let grants = objects.grants.by(destination, account);
        let mut inbound: Vec<_> = grants.iter().map(|grant| Inbound::of(grant, objects)).collect();
        // The same content is the same, in whichever order it came.
        inbound.sort_by(|one, other| one.target.cmp(&other.target));

        let splits = objects.splits.list(Some(account.namespace()));
        let mut splits: Vec<_> = splits.iter().collect();
        splits.sort_by(|one, other| one.key().cmp(&other.key()));
        let splits = splits.into_iter().map(|split| SplitOf {
            service: split.service.clone(),
            backends: split.backends.clone(),
            only: (!split.routes.is_empty()).then(|| {
                let groups = split.routes.iter();
                let found = groups.filter_map(|name| objects.http.get(account.namespace(), name));
                found.flat_map(|group| Vec::clone(&group)).collect()
            }),
        });
        Self {
            inbound,
            splits: splits.collect(),
        }
    }

    /// The namespaces whose objects can change this, beside the account's own.
    pub(crate) fn namespaces(&self) -> BTreeSet<&str> {
        self.inbound.iter().map(|inbound| inbound.target.namespace()).collect()
    }
}

impl Inbound {
    fn of(grant: &Projected<Grant>, objects: &Objects) -> Self {
        let mut inbound = Self {
            target: grant.key().owned(),
            sources: grant.sources.clone(),
            bindings: Vec::new(),
            http: Vec::new(),
            tcp: Vec::new(),
            udp: Vec::new(),
            dangling: Vec::new(),
        };
        for key in &grant.bindings {
            match objects.bindings.get(key.namespace(), key.name()) {
                Some(binding) => inbound.bindings.push(IdentitySchemes::clone(&binding)),
                None => inbound.dangling.push(format!("IdentityBinding {key}")),
            }
        }
        for rule in &grant.rules {
            if !inbound.add(rule, objects) {
                inbound.dangling.push(format!("{} {}", rule.kind, rule.name));
            }
        }
        inbound
    }

    /// Adds what a rule names; false where that is not there.
    fn add(&mut self, rule: &Rule, objects: &Objects) -> bool {
        let namespace = self.target.namespace();
        match rule.kind.as_str() {
            HTTP_ROUTE_GROUP => {
                let Some(group) = objects.http.get(namespace, &rule.name) else {
                    return false;
                };
                let is_named = |one: &&HttpMatch| rule.matches.is_empty() || rule.matches.contains(&one.name);
                self.http.extend(group.iter().filter(is_named).cloned());
            }
            TCP_ROUTE => match objects.tcp.get(namespace, &rule.name) {
                Some(ports) => self.tcp.push(Vec::clone(&ports)),
                None => return false,
            },
            UDP_ROUTE => match objects.udp.get(namespace, &rule.name) {
                Some(ports) => self.udp.push(Vec::clone(&ports)),
                None => return false,
            },
            _ => return false,
        }
        true
    }
}
