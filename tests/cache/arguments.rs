//! The command line of the cache.

use std::time::Duration;

use crate::cache::arguments::Arguments;

fn parse(arguments: &[&str]) -> Result<Option<Arguments>, String> {
    Arguments::parse(arguments).map_err(|error| error.to_string())
}

#[test]
fn accounts_and_an_age_are_read() {
    let expected = Arguments {
        accounts: vec!["shop/api".parse().unwrap(), "batch/re.ports".parse().unwrap()],
        max_age: Duration::from_secs(5),
    };
    assert_eq!(
        parse(&["shop/api", "--max-age", "5", "batch/re.ports"]),
        Ok(Some(expected))
    );
    assert_eq!(parse(&["shop/api", "--help"]), Ok(None));
}

#[test]
fn what_no_account_can_be_called_is_refused_in_one_line() {
    let long = format!("{}/api", "a".repeat(64));
    for text in [
        "A/B",
        "api",
        "shop/",
        "/api",
        "shop/a/b",
        "shop/-a",
        "a.b/c",
        "shop/a..b",
        "shop/A",
        &long,
    ] {
        let expected = format!("`{text}` is not the NAMESPACE/NAME of a service account");
        assert_eq!(parse(&[text]), Err(expected));
    }
}

#[test]
fn wrong_arguments_are_refused_in_one_line() {
    for (arguments, expected) in [
        (&[][..], "which service accounts? say NAMESPACE/NAME, or `--help`"),
        (&["--no"], "invalid option '--no'"),
        (&["shop/api", "--max-age"], "missing argument for option '--max-age'"),
        (
            &["shop/api", "--max-age", "soon"],
            "cannot parse argument \"soon\": invalid digit found in string",
        ),
    ] {
        assert_eq!(parse(arguments), Err(expected.to_owned()));
    }
}
