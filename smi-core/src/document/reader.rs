//! Owns [`read`] and [`Documents`]: the iteration over the documents of a file.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::str;
use std::sync::Arc;

use super::error::{DocumentErrorKind, Flaw};
use super::node::{Node, noun};
use super::split::{Piece, Splitter, count_lines, line_end};
use super::yaml::Parsed;
use super::{Document, DocumentError, Duplicate, Options, Position, json, list, yaml};
use crate::path::FieldPath;

/// Reads the documents of a file: `bytes` are its contents, `name` is what messages call it.
///
/// The text is YAML or JSON in UTF-8, or in UTF-16 with a byte order mark. The documents are parsed one at a time, as
/// the iterator is asked for them.
///
/// ```
/// use smi_core::document::{self, Options};
///
/// let text = "kind: A\n---\nkind: [\n---\nkind: C\n";
/// let options = Options::default();
/// let documents: Vec<_> = document::read(text.as_bytes(), "policy.yaml", &options).collect();
/// assert_eq!(documents[0].as_ref().unwrap().value["kind"], "A");
/// assert_eq!(documents[1].as_ref().unwrap_err().to_string(), "policy.yaml:3: unclosed bracket '['");
/// assert_eq!(documents[2].as_ref().unwrap().at.to_string(), "policy.yaml:5");
/// ```
pub fn read<'a>(bytes: &'a [u8], name: impl Into<Arc<str>>, options: &Options) -> Documents<'a> {
    let limit = options.limits.file_bytes;
    let mut refused = None;
    let text = if bytes.len() > limit {
        refused = Some(Flaw::new(1, DocumentErrorKind::TooLarge { limit }));
        Cow::Borrowed(&[][..])
    } else {
        match bytes {
            [0xff, 0xfe, rest @ ..] => from_utf16(rest, u16::from_le_bytes),
            [0xfe, 0xff, rest @ ..] => from_utf16(rest, u16::from_be_bytes),
            _ => Some(Cow::Borrowed(bytes)),
        }
        .unwrap_or_else(|| {
            refused = Some(Flaw::new(1, DocumentErrorKind::NotUtf16));
            Cow::Borrowed(&[][..])
        })
    };
    Documents {
        text,
        file: name.into(),
        options: options.clone(),
        splitter: Splitter::new(),
        json: None,
        items: VecDeque::new(),
        repeats_keys: false,
        of_lists: Vec::new(),
        refused,
        yielded: 0,
    }
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Cow<'static, [u8]>> {
    let (units, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let text: Result<String, _> = char::decode_utf16(units.iter().map(|bytes| unit(*bytes))).collect();
    Some(Cow::Owned(text.ok()?.into_bytes()))
}

/// The documents of a file, in the order of the text. Made by [`read`].
#[derive(Debug)]
#[must_use = "documents are parsed as the iterator is asked for them"]
pub struct Documents<'a> {
    text: Cow<'a, [u8]>,
    file: Arc<str>,
    options: Options,
    splitter: Splitter,
    /// The rest of a piece that holds JSON values.
    json: Option<Json>,
    /// What the document at hand still has to give: itself, or the items of the list that it is.
    items: VecDeque<Node>,
    /// Whether a key occurs twice anywhere in that document.
    repeats_keys: bool,
    /// The repeated keys of the lists that were taken apart since the last item.
    of_lists: Vec<Duplicate>,
    refused: Option<Flaw>,
    yielded: usize,
}

#[derive(Debug)]
struct Json {
    rest: Piece,
    /// Where no value of the piece was read yet: the piece, which may be YAML after all.
    piece: Option<Piece>,
    /// Bytes that were read for nothing.
    wasted: usize,
}

impl Iterator for Documents<'_> {
    type Item = Result<Document, DocumentError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(flaw) = self.refused.take() {
            return Some(Err(self.error(flaw)));
        }
        loop {
            if let Some(node) = self.items.pop_front() {
                if let Some(result) = self.object(node) {
                    return Some(result);
                }
                continue;
            }
            let parsed = if let Some(json) = self.json.take() {
                self.next_json(json)
            } else {
                let piece = self.splitter.next(&self.text)?;
                self.open(piece)
            };
            match parsed {
                Ok(Some(Parsed { root, repeats_keys })) => {
                    self.repeats_keys = repeats_keys;
                    self.of_lists.clear();
                    self.items.push_back(root);
                }
                Ok(None) => {}
                Err(flaw) => return Some(Err(self.error(flaw))),
            }
        }
    }
}

impl Documents<'_> {
    fn position(&mut self, line: usize) -> Position {
        self.yielded += 1;
        Position {
            file: Arc::clone(&self.file),
            document: self.yielded,
            line,
        }
    }

    fn error(&mut self, Flaw { line, kind }: Flaw) -> DocumentError {
        DocumentError {
            at: self.position(line),
            kind,
        }
    }

    /// The object that `node` is, an error where it is none, or nothing where it was a list: then its items come next.
    fn object(&mut self, node: Node) -> Option<Result<Document, DocumentError>> {
        let line = node.lines.line();
        if !node.value.is_object() {
            let found = noun(&node.value);
            return Some(Err(
                self.error(Flaw::new(line, DocumentErrorKind::NotAnObject { found }))
            ));
        }
        if let Some(items) = list::not_items(&node.value, &self.options) {
            let found = noun(items);
            let line = node.lines.line_of(&FieldPath::root().child("items"));
            return Some(Err(self.error(Flaw::new(line, DocumentErrorKind::NotItems { found }))));
        }
        if self.repeats_keys && list::is_list(&node.value, &self.options) {
            node.lines
                .duplicates(&FieldPath::root(), Some("items"), &mut self.of_lists);
        }
        match list::items(node, &self.options) {
            Ok(items) => {
                for item in items.into_iter().rev() {
                    self.items.push_front(item);
                }
                None
            }
            Err(Node { value, lines }) => {
                let mut duplicates = std::mem::take(&mut self.of_lists);
                if self.repeats_keys {
                    lines.duplicates(&FieldPath::root(), None, &mut duplicates);
                }
                Some(Ok(Document {
                    value,
                    at: self.position(line),
                    lines,
                    duplicates,
                }))
            }
        }
    }

    /// Reads a piece as YAML, or leaves it to [`Self::next_json`] where it looks like JSON.
    fn open(&mut self, piece: Piece) -> Result<Option<Parsed>, Flaw> {
        let text = &self.text[piece.range.clone()];
        if let Some(at) = text.iter().position(|byte| *byte == 0) {
            return Err(Flaw::new(
                piece.line + count_lines(&text[..at]),
                DocumentErrorKind::Binary,
            ));
        }
        if let Err(error) = str::from_utf8(text) {
            let (before, rest) = text.split_at(error.valid_up_to());
            let kind = DocumentErrorKind::NotUtf8(rest.first().copied().unwrap_or_default());
            return Err(Flaw::new(piece.line + count_lines(before), kind));
        }
        if let Some(offset) = json_start(text) {
            let rest = self.after(&piece, offset);
            self.json = Some(Json {
                rest,
                piece: Some(piece),
                wasted: 0,
            });
            return Ok(None);
        }
        self.parse_yaml(&piece)
    }

    fn parse_yaml(&self, piece: &Piece) -> Result<Option<Parsed>, Flaw> {
        let text = str::from_utf8(&self.text[piece.range.clone()])
            .map_err(|_| Flaw::new(piece.line, DocumentErrorKind::NotUtf8(0)))?;
        yaml::parse(text, piece.line, &self.options.limits)
    }

    /// What remains of `piece` after its first `bytes`.
    fn after(&self, piece: &Piece, bytes: usize) -> Piece {
        let start = piece.range.start + bytes;
        Piece {
            range: start..piece.range.end,
            line: piece.line + count_lines(&self.text[piece.range.start..start]),
        }
    }

    /// The next of several JSON values.
    fn next_json(&mut self, Json { rest, piece, wasted }: Json) -> Result<Option<Parsed>, Flaw> {
        let rest = self.after(&rest, blank_prefix(&self.text[rest.range.clone()]));
        let text = &self.text[rest.range.clone()];
        if text.is_empty() {
            return Ok(None);
        }
        let (result, bytes) = if text.starts_with(b"{") {
            json::parse(text, rest.line, &self.options.limits)
        } else {
            (
                Err(Flaw::syntax(
                    rest.line,
                    "a JSON value is followed by something else than another one",
                )),
                0,
            )
        };
        match result {
            Ok(parsed) => {
                self.json = Some(Json {
                    rest: self.after(&rest, bytes),
                    piece: None,
                    wasted,
                });
                Ok(Some(parsed))
            }
            Err(flaw) => {
                let written_as_json = text[1..].trim_ascii_start().starts_with(b"\"");
                // A flow map of YAML, or a template.
                let flaw = match piece.map(|piece| self.parse_yaml(&piece)) {
                    Some(Ok(parsed)) => return Ok(parsed),
                    Some(Err(as_yaml)) if !written_as_json => as_yaml,
                    _ => flaw,
                };
                let wasted = wasted + bytes;
                let sound = if wasted > REREAD * self.text.len() { bytes } else { 0 };
                if let Some(bytes) = next_value(text, sound) {
                    self.json = Some(Json {
                        rest: self.after(&rest, bytes),
                        piece: None,
                        wasted,
                    });
                }
                Err(flaw)
            }
        }
    }
}

/// How often the text may be read again because a broken JSON value ran on into the values after it. From then on they
/// are taken for parts of it, so that the time stays linear.
const REREAD: usize = 8;

/// Where a piece looks like JSON, the position of its first value.
fn json_start(text: &[u8]) -> Option<usize> {
    let marker = if text.trim_ascii_start().starts_with(b"---") {
        3
    } else {
        0
    };
    let content = text.trim_ascii_start().get(marker..)?.trim_ascii_start();
    content.starts_with(b"{").then(|| text.len() - content.len())
}

/// The length of the space, comments and `...` before the next value.
fn blank_prefix(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        at = text.len() - text[at..].trim_ascii_start().len();
        if !text[at..].starts_with(b"#") && !text[at..].starts_with(b"...") {
            return at;
        }
        at = line_end(text, at);
    }
}

/// The position of the first line after the one that holds `from` that starts with `{`: the next value, if any.
fn next_value(text: &[u8], from: usize) -> Option<usize> {
    let mut at = line_end(text, from);
    while at < text.len() && text[at] != b'{' {
        at = line_end(text, at);
    }
    (at < text.len()).then_some(at)
}
