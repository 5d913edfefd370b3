//! Owns the reading of one JSON value from text that may go on after it.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::Limits;
use super::error::{DocumentErrorKind, Flaw};
use super::node::{Lines, Node, Parts};
use super::yaml::Parsed;

/// Reads the value that starts at the beginning of `text`, which is line `first_line` of its file, and says how many
/// bytes of it were read: the whole value, or as far as it is sound.
pub(super) fn parse(text: &[u8], first_line: usize, limits: &Limits) -> (Result<Parsed, Flaw>, usize) {
    let progress = Progress {
        bytes: Cell::new(0),
        line: Cell::new(first_line),
        after_return: Cell::new(false),
    };
    let meter = Meter {
        limits,
        values: Cell::new(0),
        excess: Cell::new(None),
        repeats_keys: Cell::new(false),
    };
    let mut json = serde_json::Deserializer::from_reader(Counted {
        rest: text,
        progress: &progress,
    });
    let seed = NodeSeed {
        progress: &progress,
        meter: &meter,
        depth: 0,
    };
    let result = match seed.deserialize(&mut json) {
        Ok(root) => Ok(Parsed {
            root,
            repeats_keys: meter.repeats_keys.get(),
        }),
        Err(error) => Err(match meter.excess.take() {
            Some(kind) => Flaw::new(progress.line.get(), kind),
            None => Flaw::syntax(progress.line.get(), &words(&error)),
        }),
    };
    (result, progress.bytes.get())
}

/// The message of the parser without its own position.
fn words(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(message, _)| message);
    if error.is_eof() {
        format!("the document is cut short: {message}")
    } else {
        message.to_owned()
    }
}

/// How far the parser has read. It reads byte by byte and at most one byte ahead, never over the start of a value.
struct Progress {
    bytes: Cell<usize>,
    line: Cell<usize>,
    after_return: Cell<bool>,
}

struct Counted<'t> {
    rest: &'t [u8],
    progress: &'t Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.rest.read(buffer)?;
        let progress = self.progress;
        progress.bytes.set(progress.bytes.get() + read);
        for byte in &buffer[..read] {
            let ends_line = *byte == b'\r' || (*byte == b'\n' && !progress.after_return.get());
            progress.line.set(progress.line.get() + usize::from(ends_line));
            progress.after_return.set(*byte == b'\r');
        }
        Ok(read)
    }
}

struct Meter<'l> {
    limits: &'l Limits,
    values: Cell<usize>,
    /// The limit that stopped the parser: serde errors carry text only.
    excess: Cell<Option<DocumentErrorKind>>,
    repeats_keys: Cell<bool>,
}

impl Meter<'_> {
    fn count<E: de::Error>(&self, depth: usize) -> Result<(), E> {
        self.values.set(self.values.get() + 1);
        let Limits {
            depth: deepest,
            values: most,
            ..
        } = *self.limits;
        let excess = if depth > deepest {
            DocumentErrorKind::TooDeep { limit: deepest }
        } else if self.values.get() > most {
            DocumentErrorKind::TooManyValues { limit: most }
        } else {
            return Ok(());
        };
        let error = E::custom(&excess);
        self.excess.set(Some(excess));
        Err(error)
    }
}

#[derive(Clone, Copy)]
struct NodeSeed<'t> {
    progress: &'t Progress,
    meter: &'t Meter<'t>,
    /// Of the maps and lists around the value.
    depth: usize,
}

impl NodeSeed<'_> {
    fn part(self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self
        }
    }

    fn scalar<E: de::Error>(self, line: usize, value: Value) -> Result<Node, E> {
        self.meter.count(self.depth)?;
        Ok(Node {
            value,
            lines: Lines::new(line, Parts::None),
        })
    }
}

impl<'de> DeserializeSeed<'de> for NodeSeed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let line = self.progress.line.get();
        deserializer.deserialize_any(NodeVisitor { seed: self, line })
    }
}

struct NodeVisitor<'t> {
    seed: NodeSeed<'t>,
    line: usize,
}

impl<'de> Visitor<'de> for NodeVisitor<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        self.seed.scalar(self.line, Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Node, E> {
        self.seed.scalar(self.line, Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Node, E> {
        self.seed.scalar(self.line, Value::from(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Node, E> {
        self.seed.scalar(self.line, Value::from(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Node, E> {
        self.seed.scalar(self.line, Number::from_f64(value).into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Node, E> {
        self.seed.scalar(self.line, Value::from(value))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Node, E> {
        self.seed.scalar(self.line, Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let seed = self.seed.part();
        self.seed.meter.count(seed.depth)?;
        let (mut values, mut lines) = (Vec::new(), Vec::new());
        while let Some(node) = items.next_element_seed(seed)? {
            values.push(node.value);
            lines.push(node.lines);
        }
        Ok(Node {
            value: Value::Array(values),
            lines: Lines::new(self.line, Parts::List(lines)),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let seed = self.seed.part();
        self.seed.meter.count(seed.depth)?;
        let (mut values, mut lines) = (Map::new(), Vec::new());
        while let Some(key) = members.next_key::<String>()? {
            let line = seed.progress.line.get();
            let node = members.next_value_seed(seed)?;
            lines.push((key.as_str().into(), node.lines.at(line)));
            if values.insert(key, node.value).is_some() {
                seed.meter.repeats_keys.set(true);
            }
        }
        Ok(Node {
            value: Value::Object(values),
            lines: Lines::new(self.line, Parts::Map(lines)),
        })
    }
}
