//! Owns [`Convert`]: what moves objects between the served versions of a CRD.

use serde_json::Value;

/// Moves an object to another version of its kind: the part of a conversion webhook, in process.
///
/// [`smi_core::convert::Converters`] are one, and so is any function of the same shape.
pub trait Convert: Send + Sync + 'static {
    /// `object` at `api_version` (`split.smi-spec.io/v1alpha4`).
    ///
    /// # Errors
    /// A message for the client: it stands in the `Status` of the request that needed the conversion.
    fn convert(&self, object: Value, api_version: &str) -> Result<Value, String>;
}

impl Convert for smi_core::convert::Converters {
    fn convert(&self, object: Value, api_version: &str) -> Result<Value, String> {
        // What is left out or kept elsewhere is no error, as it is none of a webhook's: the object says it.
        let converted = self.convert_served(object, api_version);
        converted
            .map(|converted| converted.object)
            .map_err(|error| error.to_string())
    }
}

impl<F> Convert for F
where
    F: Fn(Value, &str) -> Result<Value, String> + Send + Sync + 'static,
{
    fn convert(&self, object: Value, api_version: &str) -> Result<Value, String> {
        self(object, api_version)
    }
}
