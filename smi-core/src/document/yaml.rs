//! Owns the reading of one YAML document: from the events of the parser to a [`Node`].
//!
//! The events are composed here rather than by a serde visitor over `Spanned` values, because a visitor recurses (a
//! debug build then needs over 20 KiB of stack for each level, so that 100 levels overflow the stack of a thread) and
//! cannot see the spelling of a scalar, on which the rules of Kubernetes depend.

use std::collections::HashMap;

use granit_parser::{self, ErrorKind, Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

use super::error::{DocumentErrorKind, Flaw};
use super::node::{Lines, Node, Parts};
use super::{Limits, merge, scalar};

/// A document and whether any of its maps has a key twice.
pub(super) struct Parsed {
    pub(super) root: Node,
    pub(super) repeats_keys: bool,
}

/// Reads `text`, whose first line is `first_line` of its file. Nothing where it holds no value or null.
pub(super) fn parse(text: &str, first_line: usize, limits: &Limits) -> Result<Option<Parsed>, Flaw> {
    let mut options = granit_parser::options! {
        flow_nesting_limit: limits.depth,
        block_nesting_limit: limits.depth,
    };
    options.set_emit_comments(false);
    let mut composer = Composer {
        limits,
        open: Vec::new(),
        anchors: HashMap::new(),
        root: None,
        line: first_line,
        values: 0,
        copied_values: 0,
        copied_bytes: 0,
        repeats_keys: false,
    };
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => {
                composer.line = first_line + span.start.line().saturating_sub(1);
                composer.take(event)?;
            }
            Err(error) => {
                let line = first_line + error.marker().line().saturating_sub(1);
                return Err(match error.kind() {
                    ErrorKind::RecursionLimitExceeded => {
                        Flaw::new(line, DocumentErrorKind::TooDeep { limit: limits.depth })
                    }
                    _ => Flaw::syntax(line, &plain_words(error.info())),
                });
            }
        }
    }
    let repeats_keys = composer.repeats_keys;
    Ok(composer
        .root
        .filter(|root| !root.value.is_null())
        .map(|root| Parsed { root, repeats_keys }))
}

/// The parser quotes a character as `` `%' ``.
fn plain_words(mut message: String) -> String {
    if message.contains('`') && message.ends_with('\'') {
        message.pop();
        message.push('`');
    }
    message
}

/// Builds the tree with a stack of its own.
struct Composer<'l> {
    limits: &'l Limits,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    root: Option<Node>,
    /// Of the event at hand, in the file.
    line: usize,
    values: usize,
    copied_values: usize,
    copied_bytes: usize,
    repeats_keys: bool,
}

/// A map or list whose end has not come yet.
struct Open {
    /// 0 where there is none.
    anchor: usize,
    line: usize,
    collection: Collection,
}

enum Collection {
    Map {
        values: Map<String, Value>,
        lines: Vec<(Box<str>, Lines)>,
        key: Option<Key>,
        merges: Vec<Node>,
    },
    List {
        values: Vec<Value>,
        lines: Vec<Lines>,
    },
}

/// A key whose value has not come yet.
enum Key {
    Named(String, usize),
    /// `<<`, whose value's members join the map.
    Merge,
}

/// What an alias repeats, and what a copy of it costs.
struct Anchored {
    node: Node,
    size: Size,
}

#[derive(Clone, Copy, Default)]
struct Size {
    values: usize,
    bytes: usize,
    depth: usize,
}

impl Composer<'_> {
    fn take(&mut self, event: Event<'_>) -> Result<(), Flaw> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1)?;
                let plain = style == ScalarStyle::Plain;
                if self.expects_key() && text == "<<" && merge::is_key(plain, tag.as_deref()) {
                    self.set_key(Key::Merge);
                    return Ok(());
                }
                let value = scalar::resolve(text, plain, tag.as_deref()).map_err(|message| self.syntax(&message))?;
                let lines = Lines::new(self.line, Parts::None);
                self.complete(anchor, Node { value, lines })
            }
            Event::MappingStart(_, anchor, _) => self.start(
                anchor,
                Collection::Map {
                    values: Map::new(),
                    lines: Vec::new(),
                    key: None,
                    merges: Vec::new(),
                },
            ),
            Event::SequenceStart(_, anchor, _) => self.start(
                anchor,
                Collection::List {
                    values: Vec::new(),
                    lines: Vec::new(),
                },
            ),
            Event::MappingEnd | Event::SequenceEnd => self.end(),
            Event::Alias(anchor) => self.repeat(anchor),
            _ => Ok(()),
        }
    }

    fn syntax(&self, message: &str) -> Flaw {
        Flaw::syntax(self.line, message)
    }

    fn count(&mut self, values: usize) -> Result<(), Flaw> {
        self.values += values;
        let limit = self.limits.values;
        if self.values > limit {
            return Err(Flaw::new(self.line, DocumentErrorKind::TooManyValues { limit }));
        }
        Ok(())
    }

    fn check_depth(&self, depth: usize) -> Result<(), Flaw> {
        let limit = self.limits.depth;
        if depth > limit {
            return Err(Flaw::new(self.line, DocumentErrorKind::TooDeep { limit }));
        }
        Ok(())
    }

    fn expects_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                collection: Collection::Map { key: None, .. },
                ..
            })
        )
    }

    fn set_key(&mut self, next: Key) {
        if let Some(Open {
            collection: Collection::Map { key, .. },
            ..
        }) = self.open.last_mut()
        {
            *key = Some(next);
        }
    }

    fn start(&mut self, anchor: usize, collection: Collection) -> Result<(), Flaw> {
        if self.expects_key() {
            let found = if matches!(collection, Collection::Map { .. }) {
                "a map"
            } else {
                "a list"
            };
            return Err(self.not_a_key(found));
        }
        self.count(1)?;
        self.open.push(Open {
            anchor,
            line: self.line,
            collection,
        });
        self.check_depth(self.open.len())
    }

    fn not_a_key(&self, found: &str) -> Flaw {
        let hint = if found == "null" {
            ""
        } else {
            " (text that starts with `{` or `[` needs quotes)"
        };
        self.syntax(&format!("{found} cannot be a key{hint}"))
    }

    fn end(&mut self) -> Result<(), Flaw> {
        let Some(Open {
            anchor,
            line,
            collection,
        }) = self.open.pop()
        else {
            return Err(self.syntax("a map or list ends that has not started"));
        };
        let node = match collection {
            Collection::List { values, lines } => Node {
                value: Value::Array(values),
                lines: Lines::new(line, Parts::List(lines)),
            },
            Collection::Map {
                mut values,
                mut lines,
                merges,
                ..
            } => {
                for source in merges {
                    merge::join(source, &mut values, &mut lines);
                }
                Node {
                    value: Value::Object(values),
                    lines: Lines::new(line, Parts::Map(lines)),
                }
            }
        };
        self.complete(anchor, node)
    }

    /// Puts the copy of an anchored node where its alias stands.
    fn repeat(&mut self, anchor: usize) -> Result<(), Flaw> {
        let Some(Anchored { node, size }) = self.anchors.get(&anchor) else {
            return Err(self.syntax("an alias stands within the value that it repeats"));
        };
        // The copy is made after its size is found bearable.
        let size = *size;
        self.check_depth(self.open.len() + size.depth)?;
        let (values, bytes) = self.with_copy(size);
        self.check_copies(values, bytes)?;
        let node = Node {
            value: node.value.clone(),
            lines: node.lines.clone().at(self.line),
        };
        (self.copied_values, self.copied_bytes) = (values, bytes);
        self.count(size.values)?;
        self.place(node)
    }

    const fn with_copy(&self, size: Size) -> (usize, usize) {
        (
            self.copied_values.saturating_add(size.values),
            self.copied_bytes.saturating_add(size.bytes),
        )
    }

    const fn check_copies(&self, values: usize, bytes: usize) -> Result<(), Flaw> {
        if values > self.limits.alias_values {
            let limit = self.limits.alias_values;
            return Err(Flaw::new(self.line, DocumentErrorKind::TooManyAliasedValues { limit }));
        }
        if bytes > self.limits.alias_bytes {
            let limit = self.limits.alias_bytes;
            return Err(Flaw::new(self.line, DocumentErrorKind::TooMuchAliasedText { limit }));
        }
        Ok(())
    }

    /// Remembers the finished `node` where it has an anchor, and puts it into the map or list that is open.
    fn complete(&mut self, anchor: usize, node: Node) -> Result<(), Flaw> {
        if anchor != 0 {
            let size = measure(&node.value);
            let (values, bytes) = self.with_copy(size);
            self.check_copies(values, bytes)?;
            (self.copied_values, self.copied_bytes) = (values, bytes);
            self.anchors.insert(
                anchor,
                Anchored {
                    node: node.clone(),
                    size,
                },
            );
        }
        self.place(node)
    }

    fn place(&mut self, node: Node) -> Result<(), Flaw> {
        let line = self.line;
        match self.open.last_mut().map(|open| &mut open.collection) {
            None if self.root.is_none() => self.root = Some(node),
            None => return Err(self.syntax("a second value in one document")),
            Some(Collection::List { values, lines }) => {
                values.push(node.value);
                lines.push(node.lines);
            }
            Some(Collection::Map {
                values,
                lines,
                key,
                merges,
            }) => match key.take() {
                None => {
                    let text = scalar::key(node.value).map_err(|found| self.not_a_key(found))?;
                    self.set_key(Key::Named(text, line));
                }
                Some(Key::Merge) if merge::can_join(&node.value) => merges.push(node),
                Some(Key::Merge) => return Err(self.syntax("the value of `<<` is neither a map nor a list of maps")),
                Some(Key::Named(name, line)) => {
                    lines.push((name.as_str().into(), node.lines.at(line)));
                    self.repeats_keys |= values.insert(name, node.value).is_some();
                }
            },
        }
        Ok(())
    }
}

/// Recursive: `value` is no deeper than the limit.
fn measure(value: &Value) -> Size {
    let mut size = Size {
        values: 1,
        ..Size::default()
    };
    let mut add = |part: &Value| {
        let part = measure(part);
        size.values += part.values;
        size.bytes += part.bytes;
        size.depth = size.depth.max(part.depth);
    };
    match value {
        Value::Array(items) => {
            items.iter().for_each(&mut add);
            size.depth += 1;
        }
        Value::Object(members) => {
            members.values().for_each(&mut add);
            size.bytes += members.keys().map(String::len).sum::<usize>();
            size.depth += 1;
        }
        Value::String(text) => size.bytes = text.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    size
}
