//! What each verb does to the objects of a cluster.

mod create;
mod decode;
mod delete;
mod get;
mod list;
mod patch;
mod update;

use std::sync::Arc;

use serde_json::Value;

pub(crate) use self::{
    create::create,
    decode::Decoder,
    delete::{DeleteOptions, Deleted, delete, delete_all, delete_collection},
    get::get,
    list::{List, list},
    patch::{PatchType, patch},
    update::replace,
};

/// An object that was written, at the version of the request.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) object: Arc<Value>,
    pub(crate) created: bool,
    pub(crate) warnings: Vec<String>,
}
