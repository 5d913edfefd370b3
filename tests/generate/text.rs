//! Names and other texts.

use proptest::{collection::vec, prelude::*, sample::select, strategy::BoxedStrategy};

/// A name as Kubernetes admits it, or any text that is not empty.
pub(crate) fn name() -> BoxedStrategy<String> {
    prop_oneof![
        6 => "[a-z][a-z0-9-]{0,12}",
        1 => text().prop_filter("empty", |text| !text.is_empty()),
    ]
    .boxed()
}

/// Any text: words that YAML readers take for something else, letters of any script, control characters.
pub(crate) fn text() -> BoxedStrategy<String> {
    let traps = [
        "",
        " ",
        "yes",
        "off",
        "null",
        "~",
        "08",
        "1e3",
        "0x1F",
        "2020-01-01",
        "{a}",
        "[a",
        "a: b",
        "# a",
        "- a",
        "*a",
        "%",
        "a\nb\n",
        "\u{feff}a",
        "\u{85}",
        "straße",
        "日本語",
        "👩🏽‍🚀",
        "e\u{301}",
    ];
    prop_oneof![
        3 => "[a-zA-Z0-9 ./:_-]{0,16}",
        2 => select(traps.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
        1 => vec(any::<char>(), 0..6).prop_map(String::from_iter),
    ]
    .boxed()
}
