//! Text in columns, for terminals and files.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

const GAP: usize = 2;
/// The last column is never cut shorter than this; a terminal that is narrower wraps.
const LEAST: usize = 20;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const WARNING: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// What the reader's side can show.
#[derive(Clone, Copy, Default)]
pub(crate) struct Screen {
    /// Whether it shows colours.
    pub(crate) colour: bool,
    /// How many columns it has, where lines that are longer should be cut.
    pub(crate) width: Option<usize>,
}

impl Screen {
    /// For headings.
    pub(crate) fn bold(self, text: &str) -> String {
        self.paint(text, BOLD)
    }

    /// For failures.
    pub(crate) fn bad(self, text: &str) -> String {
        self.paint(text, BAD)
    }

    fn paint(self, text: &str, style: Style) -> String {
        if self.colour {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

/// A row of a table.
pub(crate) struct Row<const COLUMNS: usize> {
    /// The text of its columns, as it is.
    pub(crate) cells: [String; COLUMNS],
    /// Whether its last column deserves attention.
    pub(crate) warns: bool,
}

/// Lines of aligned columns under their `titles`. The first column is bold, the second pale.
pub(crate) fn print<const COLUMNS: usize>(titles: &[&str; COLUMNS], rows: &[Row<COLUMNS>], screen: Screen) -> String {
    let printable: Vec<_> = rows
        .iter()
        .map(|row| row.cells.each_ref().map(|cell| self::printable(cell)))
        .collect();
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
        let cells = printable.iter().map(|cells| cells[column].width());
        cells.chain([titles[column].width()]).max().unwrap_or_default()
    });

    let mut text = String::new();
    line(&mut text, titles, &widths, &[BOLD; COLUMNS], screen);
    for (row, cells) in rows.iter().zip(&printable) {
        let styles: [Style; COLUMNS] = std::array::from_fn(|column| match column {
            0 => BOLD,
            1 => DIM,
            _ if column + 1 == COLUMNS && row.warns => WARNING,
            _ => Style::new(),
        });
        line(
            &mut text,
            &cells.each_ref().map(String::as_str),
            &widths,
            &styles,
            screen,
        );
    }
    text
}

fn line<const COLUMNS: usize>(
    text: &mut String,
    cells: &[&str; COLUMNS],
    widths: &[usize; COLUMNS],
    styles: &[Style; COLUMNS],
    screen: Screen,
) {
    let mut start = 0;
    for (column, cell) in cells.iter().enumerate() {
        if column + 1 == COLUMNS {
            let room = screen.width.map(|width| width.saturating_sub(start).max(LEAST));
            text.push_str(&screen.paint(&cut(cell, room), styles[column]));
        } else {
            let gap = widths[column] - cell.width() + GAP;
            let _ = write!(text, "{}{:gap$}", screen.paint(cell, styles[column]), "");
            start += widths[column] + GAP;
        }
    }
    text.push('\n');
}

/// `text` in at most `room` columns.
fn cut(text: &str, room: Option<usize>) -> String {
    let Some(room) = room.filter(|room| text.width() > *room) else {
        return text.to_owned();
    };
    let mut used = 1;
    let mut kept: String = text
        .chars()
        .take_while(|character| {
            used += character.width().unwrap_or_default();
            used <= room
        })
        .collect();
    kept.push('…');
    kept
}

/// `text` with everything spelled out that would act on a terminal or hide there: control characters, line breaks,
/// characters without a glyph, and those that change the direction of the text.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '"' | '\'' | '\\') {
            safe.push(character);
        } else {
            safe.extend(character.escape_debug());
        }
    }
    safe
}
