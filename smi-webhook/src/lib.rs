//! An HTTPS server for the conversion webhooks of Kubernetes.
//!
//! | module | owns |
//! | --- | --- |
//! | [`certificates`] | the certificate that the server presents, and how it is kept fresh |

pub mod certificates;

pub use certificates::Certificates;
