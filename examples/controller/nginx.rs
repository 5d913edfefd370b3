//! A split as nginx configuration.

use std::fmt::Write;

use smi_sdk::split::v1alpha4::{Backend, TrafficSplit};

/// nginx takes percentages with two decimals.
const WHOLE: u64 = 10_000;

/// Why a split is not rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotRendered {
    /// To divide all traffic where the split names some would be more than it says.
    #[error("a split for some requests (`spec.matches`) cannot be said in `split_clients`")]
    Matches,
    /// What is written into a configuration must not be able to end a line of it.
    #[error("`{0}` is no name of a Service")]
    Name(String),
    /// Namespace and name are the name of the ConfigMap together.
    #[error("the ConfigMap would be called `{0}`, and 253 characters are the longest name")]
    TooLong(String),
}

/// The `split_clients` block that sets `$SERVICE_backend` (with `_` for `-`).
///
/// Each backend has at least a hundredth of a percent if it has any weight, and the heaviest has the rest. Where every
/// weight is 0 the variable is empty: nothing is sent anywhere.
///
/// # Errors
/// [`NotRendered`].
pub(crate) fn render(split: &TrafficSplit) -> Result<String, NotRendered> {
    let spec = &split.spec;
    if !spec.matches.is_empty() {
        return Err(NotRendered::Matches);
    }
    let names = spec.backends.iter().map(|backend| &backend.service);
    if let Some(name) = names.chain([&spec.service]).find(|name| !is_label(name)) {
        return Err(NotRendered::Name(name.clone()));
    }
    let mut backends: Vec<&Backend> = spec.backends.iter().filter(|backend| backend.weight > 0).collect();
    // The last is the heaviest; those of the same weight keep their order.
    backends.sort_by_key(|backend| backend.weight);
    let total: u64 = backends.iter().map(|backend| u64::from(backend.weight)).sum();

    let variable = spec.service.replace('-', "_");
    let mut text = format!("split_clients \"$request_id\" ${variable}_backend {{\n");
    let (last, others) = match backends.split_last() {
        Some((last, others)) => (last.service.as_str(), others),
        None => ("\"\"", &[][..]),
    };
    for backend in others {
        let share = (u64::from(backend.weight) * WHOLE / total).max(1);
        let _ = writeln!(text, "    {}.{:02}% {};", share / 100, share % 100, backend.service);
    }
    let _ = writeln!(text, "    * {last};\n}}");
    Ok(text)
}

/// RFC 1123, as names of Services are.
fn is_label(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.len() <= 63 && name.bytes().all(is_inner) && !name.starts_with('-') && !name.ends_with('-')
}
