//! The names of the objects, page by page, past those that cannot be read.

use kube::{
    Client, ResourceExt as _,
    api::ListParams,
    core::{DynamicObject, ObjectList, PartialObjectMeta},
};
use smi_core::key::ObjectKey;

use super::{Failure, MigrateError, definition::Definition, object::Listed, retry};

/// How often in a row a list may expire before that is an error.
const EXPIRIES: u32 = 10;

/// What comes next.
#[derive(Debug)]
pub(super) enum Page {
    /// Some objects, and how many follow, where the server says so.
    Objects {
        objects: Vec<Listed>,
        remaining: Option<usize>,
    },
    /// An object that cannot be read at the storage version.
    Unreadable(Failure),
}

/// A list in pages, at the storage version.
///
/// One object that cannot be converted fails every list that it is in. Such a page is asked for again with half as many
/// objects, until the object is alone; it is then named by a list of another version, and the next page begins behind it.
/// All versions of a kind are in one order, so a token of one is good for the others.
pub(super) struct Pages<'d> {
    client: &'d Client,
    definition: &'d Definition,
    size: u32,
    limit: u32,
    token: Option<String>,
    is_at_end: bool,
    expiries: u32,
}

type Metadata = ObjectList<PartialObjectMeta<DynamicObject>>;

impl<'d> Pages<'d> {
    pub(super) const fn new(client: &'d Client, definition: &'d Definition, size: u32) -> Self {
        Self {
            client,
            definition,
            size,
            limit: size,
            token: None,
            is_at_end: false,
            expiries: 0,
        }
    }

    /// The next page; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Page>, MigrateError> {
        while !self.is_at_end {
            let passing = if self.limit > 1 { retry::of_list } else { retry::of_read };
            let error = match self.list(&self.definition.storage_version, passing).await {
                Ok(list) => {
                    self.limit = self.limit.saturating_mul(2).min(self.size);
                    return Ok(Some(self.turn(list)));
                }
                Err(error) => error,
            };
            match retry::status(&error) {
                Some(status) if status.code == 410 && self.expiries < EXPIRIES => {
                    // The token that comes with the refusal goes on at the same place, with what is there now. It is as
                    // good: what was made since is at the storage version. Without one the list begins anew.
                    self.expiries += 1;
                    let metadata = status.metadata.as_ref();
                    self.token = metadata
                        .and_then(|metadata| metadata.continue_.clone())
                        .filter(|token| !token.is_empty());
                }
                Some(status) if status.code == 500 && self.limit > 1 => self.limit /= 2,
                Some(status) if status.code == 500 => return self.name(error).await.map(Some),
                _ => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// Names the object that comes next, and fails, by a version at which it does not.
    async fn name(&mut self, error: kube::Error) -> Result<Page, MigrateError> {
        for version in self.definition.other_versions() {
            let Ok(list) = self.list(version, retry::of_list).await else {
                continue;
            };
            let Page::Objects { mut objects, remaining } = self.turn(list) else {
                break;
            };
            return Ok(match objects.pop() {
                Some(Listed { key: object, .. }) => Page::Unreadable(Failure {
                    object,
                    error: error.into(),
                }),
                // It was the last, and is deleted meanwhile.
                None => Page::Objects { objects, remaining },
            });
        }
        Err(error.into())
    }

    async fn list(&self, version: &str, passing: fn(u16) -> bool) -> Result<Metadata, kube::Error> {
        let mut params = ListParams::default().limit(self.limit);
        params.continue_token.clone_from(&self.token);
        let api = self.definition.all(self.client, version);
        retry::of(passing, || api.list_metadata(&params)).await
    }

    /// Goes on behind `list`.
    fn turn(&mut self, list: Metadata) -> Page {
        self.expiries = 0;
        self.token = list.metadata.continue_.filter(|token| !token.is_empty());
        self.is_at_end = self.token.is_none();
        let remaining = list.metadata.remaining_item_count;
        let objects = list.items.iter().map(|object| Listed {
            key: ObjectKey::new(object.namespace().as_deref().unwrap_or_default(), &object.name_any()),
            resource_version: object.resource_version(),
        });
        Page::Objects {
            objects: objects.collect(),
            remaining: if self.is_at_end {
                Some(0)
            } else {
                remaining.and_then(|remaining| usize::try_from(remaining).ok())
            },
        }
    }
}
