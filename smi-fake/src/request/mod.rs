//! Requests: what their path, query, headers and body ask for.

mod accept;
mod body;
mod options;
mod path;
pub(crate) mod protobuf;
mod query;

pub(crate) use self::{
    accept::{Accept, Form},
    body::{Body, read_body},
    options::{FieldValidation, ListOptions, Match, WriteOptions},
    path::{Path, ResourcePath},
    query::Query,
};
