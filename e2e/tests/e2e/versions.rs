//! Every version of every kind on a real server that converts by smi-webhook: what is read and written at each, and what
//! becomes of it when the webhook, its certificate or an object is bad.

mod certificates;
mod corpus;
mod example;
mod kubectl;
mod list;
mod outage;
mod rotation;
mod unconvertible;
mod webhook;
mod world;
