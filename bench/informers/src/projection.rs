//! What a policy needs of a TrafficTarget, with names that objects share.

use std::{
    collections::HashSet,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use smi_sdk::access::{
    ServiceIdentity,
    by::{self, RouteKey},
    v1alpha4::TrafficTarget,
};

pub struct Rules {
    destination: Option<Arc<ServiceIdentity>>,
    sources: Box<[Arc<ServiceIdentity>]>,
    routes: Box<[Route]>,
}

struct Route {
    route: Arc<RouteKey>,
    /// The names of its matches; all of them where there is none.
    matches: Box<[Arc<str>]>,
}

/// The names seen so far, each once.
#[derive(Default)]
pub struct Names {
    identities: Shared<ServiceIdentity>,
    routes: Shared<RouteKey>,
    matches: Shared<str>,
}

struct Shared<T: ?Sized>(Mutex<HashSet<Arc<T>>>);

impl<T: ?Sized + Hash + Eq> Shared<T> {
    fn get<Q: AsRef<T> + Into<Arc<T>>>(&self, name: Q) -> Arc<T> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = names.get(name.as_ref()) {
            return known.clone();
        }
        let name: Arc<T> = name.into();
        names.insert(name.clone());
        name
    }
}

impl<T: ?Sized> Default for Shared<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// A value that is not shared yet.
struct Own<T>(T);

impl<T> AsRef<T> for Own<T> {
    fn as_ref(&self) -> &T {
        &self.0
    }
}

impl<T> From<Own<T>> for Arc<T> {
    fn from(Own(value): Own<T>) -> Self {
        Self::new(value)
    }
}

impl Rules {
    pub fn of(target: &TrafficTarget, names: &Names) -> Self {
        let identity = |identity| names.identities.get(Own(identity));
        let routes = by::route(target).into_iter().zip(&target.spec.rules);
        Self {
            destination: by::destination(target).map(identity),
            sources: by::source(target).into_iter().map(identity).collect(),
            routes: routes
                .map(|(route, rule)| Route {
                    route: names.routes.get(Own(route)),
                    matches: rule
                        .matches
                        .iter()
                        .map(|name| names.matches.get(name.as_str()))
                        .collect(),
                })
                .collect(),
        }
    }

    pub fn destination(&self) -> Option<Arc<ServiceIdentity>> {
        self.destination.clone()
    }

    /// Looks at every part.
    pub fn read(&self) -> usize {
        let routes = self.routes.iter();
        let matches = routes.map(|route| route.matches.len() + route.route.route().name().len());
        self.sources.len() + matches.sum::<usize>()
    }
}
