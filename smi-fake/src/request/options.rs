//! Reads the options of lists, watches and writes out of the query.

use std::{sync::LazyLock, time::Duration};

use regex::Regex;

use super::Query;
use crate::error::{ApiError, FieldError};

/// How a list's revision relates to the one that the client names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    Exact,
    NotOlderThan,
}

/// The options of lists and watches.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListOptions {
    pub(crate) watch: bool,
    pub(crate) label_selector: String,
    pub(crate) field_selector: String,
    /// None: the newest.
    pub(crate) resource_version: Option<u64>,
    pub(crate) resource_version_match: Option<Match>,
    pub(crate) send_initial_events: Option<bool>,
    pub(crate) bookmarks: bool,
    pub(crate) limit: usize,
    pub(crate) continue_token: Option<String>,
    pub(crate) timeout: Option<Duration>,
}

impl ListOptions {
    /// `streaming_lists`: whether `sendInitialEvents` is taken at all.
    pub(crate) fn read(query: &Query, streaming_lists: bool) -> Result<Self, ApiError> {
        let mut options = Self {
            watch: query.flag("watch").unwrap_or_default(),
            label_selector: query.get("labelSelector").unwrap_or_default().to_owned(),
            field_selector: query.get("fieldSelector").unwrap_or_default().to_owned(),
            send_initial_events: query.flag("sendInitialEvents"),
            bookmarks: query.flag("allowWatchBookmarks").unwrap_or_default(),
            continue_token: query.get("continue").map(str::to_owned),
            ..Self::default()
        };
        options.limit = usize::try_from(number(query, "limit")?).unwrap_or_default();
        let seconds = u64::try_from(number(query, "timeoutSeconds")?).unwrap_or_default();
        options.timeout = (seconds > 0).then(|| Duration::from_secs(seconds));
        let raw_match = query.get("resourceVersionMatch");
        let version = query.get("resourceVersion");
        options.validate(version, raw_match, streaming_lists)?;
        options.resource_version_match = match raw_match {
            Some("Exact") => Some(Match::Exact),
            Some(_) => Some(Match::NotOlderThan),
            None => None,
        };
        options.resource_version = version.map(|text| revision(text, options.watch)).transpose()?;
        Ok(options)
    }

    fn validate(&self, version: Option<&str>, raw: Option<&str>, streaming_lists: bool) -> Result<(), ApiError> {
        let mut errors = Vec::new();
        let at_match = |why: &str| FieldError::forbidden("resourceVersionMatch", why);
        let continued = "resourceVersionMatch is forbidden when continue is provided";
        if self.watch {
            if self.send_initial_events.is_some() {
                if raw != Some("NotOlderThan") {
                    errors.push(at_match(
                        "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
                    ));
                }
                if !streaming_lists {
                    let why = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
                    errors.push(FieldError::forbidden("sendInitialEvents", why));
                }
            }
            if let Some(raw) = raw {
                if self.send_initial_events.is_none() {
                    errors.push(at_match(
                        "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
                    ));
                }
                if raw != "NotOlderThan" {
                    let supported = ["NotOlderThan"];
                    errors.push(FieldError::not_supported(
                        "resourceVersionMatch",
                        &format!("{raw:?}"),
                        &supported,
                    ));
                }
                if self.continue_token.is_some() {
                    errors.push(at_match(continued));
                }
            }
        } else {
            if let Some(raw) = raw {
                if version.is_none() {
                    errors.push(at_match(
                        "resourceVersionMatch is forbidden unless resourceVersion is provided",
                    ));
                }
                if self.continue_token.is_some() {
                    errors.push(at_match(continued));
                }
                if !matches!(raw, "Exact" | "NotOlderThan") {
                    let supported = ["Exact", "NotOlderThan", ""];
                    errors.push(FieldError::not_supported(
                        "resourceVersionMatch",
                        &format!("{raw:?}"),
                        &supported,
                    ));
                }
                if raw == "Exact" && version == Some("0") {
                    errors.push(at_match(
                        "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
                    ));
                }
            }
            if self.send_initial_events.is_some() {
                let why = "sendInitialEvents is forbidden for list";
                errors.push(FieldError::forbidden("sendInitialEvents", why));
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(ApiError::invalid("ListOptions", "meta.k8s.io", "", &errors))
        }
    }
}

fn number(query: &Query, name: &str) -> Result<i64, ApiError> {
    let Some(text) = query.get(name) else { return Ok(0) };
    let read = text.parse::<i64>();
    read.map_err(|_| ApiError::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax")))
}

fn revision(text: &str, watch: bool) -> Result<u64, ApiError> {
    text.parse().map_err(|_| {
        let why =
            format!("resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax");
        if watch {
            ApiError::unexpected(why)
        } else {
            ApiError::bad_request(format!("invalid resource version: {why}"))
        }
    })
}

/// Longest name of a field manager, in bytes.
const LONGEST_MANAGER: usize = 128;

/// What Go does not print: all but letters, marks, numbers, punctuation, symbols and the space of ASCII.
static UNPRINTABLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[^\p{L}\p{M}\p{N}\p{P}\p{S} ]").ok());

fn is_printable(letter: char) -> bool {
    if letter.is_ascii() {
        return matches!(letter, ' '..='~');
    }
    let mut text = [0; 4];
    let text = letter.encode_utf8(&mut text);
    UNPRINTABLE
        .as_ref()
        .is_none_or(|unprintable| !unprintable.is_match(text))
}

fn check_manager(manager: &str, errors: &mut Vec<FieldError>) {
    let field = "fieldManager";
    if manager.len() > LONGEST_MANAGER {
        errors.push(FieldError::too_long(field, LONGEST_MANAGER));
    }
    for (position, letter) in manager.char_indices().filter(|(_, letter)| !is_printable(*letter)) {
        let why = format!("invalid character U+{:04X} (at position {position})", u32::from(letter));
        errors.push(FieldError::invalid(field, &manager.into(), &why));
    }
}

/// Who writes by this agent: its name without the version, as far as that is there and can be printed.
fn name_of(agent: &str) -> String {
    let name = agent.split('/').next().unwrap_or_default();
    let mut printed = String::new();
    for letter in name.chars().filter(|letter| is_printable(*letter)) {
        if printed.len() + letter.len_utf8() > LONGEST_MANAGER {
            break;
        }
        printed.push(letter);
    }
    if printed.is_empty() {
        "unknown".to_owned()
    } else {
        printed
    }
}

/// What happens to fields that a kind does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    Ignore,
    #[default]
    Warn,
    Strict,
}

/// The options of creates, updates, patches and deletes.
#[derive(Clone, Debug, Default)]
pub(crate) struct WriteOptions {
    pub(crate) dry_run: bool,
    pub(crate) field_validation: FieldValidation,
    /// Who owns the fields that are written.
    pub(crate) manager: String,
    pub(crate) force: bool,
}

impl WriteOptions {
    /// `kind` is that of the options: `CreateOptions`. `agent` is the request's user agent.
    pub(crate) fn read(query: &Query, kind: &str, agent: &str, apply: bool) -> Result<Self, ApiError> {
        let mut errors = Vec::new();
        let manager = query.get("fieldManager");
        let force = query.flag("force");
        if kind == "PatchOptions" {
            if apply && manager.is_none() {
                errors.push(FieldError::required("fieldManager", "is required for apply patch"));
            }
            if !apply && force.is_some() {
                errors.push(FieldError::forbidden(
                    "force",
                    "may not be specified for non-apply patch",
                ));
            }
        }
        if let Some(manager) = manager.filter(|_| kind != "DeleteOptions") {
            check_manager(manager, &mut errors);
        }
        let dry_run: Vec<&str> = query.all("dryRun").filter(|value| !value.is_empty()).collect();
        if dry_run.iter().any(|value| *value != "All") {
            errors.push(FieldError::not_supported("dryRun", &format!("{dry_run:?}"), &["All"]));
        }
        let field_validation = match query.get("fieldValidation") {
            None | Some("Warn") => FieldValidation::Warn,
            Some("Ignore") => FieldValidation::Ignore,
            Some("Strict") => FieldValidation::Strict,
            Some(other) => {
                let supported = ["", "Ignore", "Strict", "Warn"];
                errors.push(FieldError::not_supported(
                    "fieldValidation",
                    &format!("{other:?}"),
                    &supported,
                ));
                FieldValidation::default()
            }
        };
        if !errors.is_empty() {
            return Err(ApiError::invalid(kind, "meta.k8s.io", "", &errors));
        }
        Ok(Self {
            dry_run: !dry_run.is_empty(),
            field_validation,
            manager: manager.map_or_else(|| name_of(agent), str::to_owned),
            force: force.unwrap_or_default(),
        })
    }
}
