//! Owns [`Splitter`]: where the documents of a stream begin and end, found without parsing them.
//!
//! YAML forbids `---` and `...` at the start of a line within any scalar, and JSON strings have no line breaks, so the
//! markers can be trusted in text that does not parse.

use std::ops::Range;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// A part of the text with one YAML document, or with JSON values one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Directives, comments and the `---` of the document included.
    pub(super) range: Range<usize>,
    /// The line, from 1, on which the range starts.
    pub(super) line: usize,
}

/// Cuts a text into pieces, one at a time. Pieces that hold no value are left out.
#[derive(Debug)]
pub(super) struct Splitter {
    at: usize,
    line: usize,
}

impl Splitter {
    pub(super) const fn new() -> Self {
        Self { at: 0, line: 1 }
    }

    pub(super) fn next(&mut self, text: &[u8]) -> Option<Piece> {
        let mut piece = Piece {
            range: self.at..self.at,
            line: self.line,
        };
        let mut started = false;
        let mut directives = false;
        let mut content = false;
        while self.at < text.len() {
            let start = self.at;
            let end = line_end(text, start);
            let mut line = &text[start..end];
            if let Some(rest) = line.strip_prefix(BOM)
                && !content
            {
                // Files that were put together: the mark is legal at the start of a stream only.
                line = rest;
                piece = Piece {
                    range: start + BOM.len()..end,
                    line: self.line,
                };
                (started, directives) = (false, false);
            }
            match Line::of(line) {
                Line::Start { bare } => {
                    if started || content {
                        if content || directives {
                            return Some(piece);
                        }
                        // The document before was empty.
                        piece = Piece {
                            range: end - line.len()..end,
                            line: self.line,
                        };
                    }
                    started = true;
                    content = !bare;
                }
                Line::End => {
                    self.advance(end);
                    piece.range.end = end;
                    if content || directives {
                        return Some(piece);
                    }
                    piece = Piece {
                        range: end..end,
                        line: self.line,
                    };
                    started = false;
                    continue;
                }
                Line::Blank => {}
                Line::Directive if !started && !content => directives = true,
                Line::Directive | Line::Content => content = true,
            }
            self.advance(end);
            piece.range.end = end;
        }
        (content || (directives && !started)).then_some(piece)
    }

    const fn advance(&mut self, end: usize) {
        self.at = end;
        self.line += 1;
    }
}

enum Line {
    /// `---`, and whether nothing but a comment follows on the line.
    Start {
        bare: bool,
    },
    /// `...`
    End,
    /// Space or a comment.
    Blank,
    /// `%YAML 1.2`
    Directive,
    Content,
}

impl Line {
    fn of(line: &[u8]) -> Self {
        if let Some(rest) = marker(line, b"---") {
            return Self::Start { bare: is_blank(rest) };
        }
        if marker(line, b"...").is_some() {
            return Self::End;
        }
        if is_blank(line) {
            Self::Blank
        } else if line.starts_with(b"%") {
            Self::Directive
        } else {
            Self::Content
        }
    }
}

/// What follows `marker` on the line, where the line starts with it as a word.
fn marker<'t>(line: &'t [u8], marker: &[u8]) -> Option<&'t [u8]> {
    line.strip_prefix(marker)
        .filter(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

fn is_blank(line: &[u8]) -> bool {
    line.iter()
        .find(|byte| !byte.is_ascii_whitespace())
        .is_none_or(|first| *first == b'#')
}

/// The position after the line that holds `at`: after `\n`, `\r\n` or `\r`.
pub(super) fn line_end(text: &[u8], at: usize) -> usize {
    match text[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
        None => text.len(),
        Some(offset) if text[at + offset..].starts_with(b"\r\n") => at + offset + 2,
        Some(offset) => at + offset + 1,
    }
}

/// How many lines end within `text`.
pub(super) fn count_lines(text: &[u8]) -> usize {
    let returns = text.windows(2).filter(|pair| pair == b"\r\n").count();
    text.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() - returns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<(&str, usize)> {
        let mut splitter = Splitter::new();
        std::iter::from_fn(|| splitter.next(text.as_bytes()))
            .map(|Piece { range, line }| (&text[range], line))
            .collect()
    }

    #[test]
    fn markers_separate_documents() {
        assert_eq!(split("a: 1\n---\nb: 2\n"), [("a: 1\n", 1), ("---\nb: 2\n", 2)]);
        assert_eq!(
            split("---\na: 1\n--- {b: 2}\n---\nc: 3"),
            [("---\na: 1\n", 1), ("--- {b: 2}\n", 3), ("---\nc: 3", 4)]
        );
        assert_eq!(split("a: 1\n...\nb: 2"), [("a: 1\n...\n", 1), ("b: 2", 3)]);
    }

    #[test]
    fn what_only_looks_like_a_marker_is_content() {
        for text in ["a: 1\n----\n", "a: |\n  ---\n  x\n", "a: 1\n---b\n", "a: 1\n....\n"] {
            assert_eq!(split(text), [(text, 1)]);
        }
    }

    #[test]
    fn empty_documents_are_left_out() {
        assert_eq!(split(""), []);
        assert_eq!(split("# only\n\n  # comments\n"), []);
        assert_eq!(split("---\n---\n# x\n---\n...\n"), []);
        assert_eq!(split("# licence\n---\n---\na: 1\n---\n"), [("---\na: 1\n", 3)]);
    }

    #[test]
    fn directives_and_comments_belong_to_the_document_after_them() {
        let second = "%YAML 1.1\n# x\n---\nb: 2\n";
        assert_eq!(
            split(&format!("a: 1\n...\n{second}")),
            [("a: 1\n...\n", 1), (second, 3)]
        );
        assert_eq!(split("%YAML 1.1\n"), [("%YAML 1.1\n", 1)]);
    }

    #[test]
    fn every_kind_of_line_break_counts_once() {
        assert_eq!(split("a: 1\r\n---\r\nb: 2"), [("a: 1\r\n", 1), ("---\r\nb: 2", 2)]);
        assert_eq!(split("a: 1\r---\rb: 2"), [("a: 1\r", 1), ("---\rb: 2", 2)]);
        assert_eq!(count_lines(b"a\r\nb\rc\nd\n\n"), 5);
    }

    #[test]
    fn byte_order_marks_are_dropped_where_a_document_starts() {
        assert_eq!(
            split("\u{feff}a: 1\n---\n\u{feff}b: 2\n"),
            [("a: 1\n", 1), ("b: 2\n", 3)]
        );
        assert_eq!(
            split("a: 1\n---\n\u{feff}---\nb: 2\n"),
            [("a: 1\n", 1), ("---\nb: 2\n", 3)]
        );
    }
}
