//! Label selectors as text: `app=web,tier in (a, b),!old,size>3`.

use std::collections::{BTreeMap, BTreeSet};

use kube::core::{Expression, Selector, SelectorExt};
use serde_json::Value;

use crate::{error::FieldError, validate};

/// A label selector.
#[derive(Clone, Debug, Default)]
pub(crate) struct LabelSelector {
    selector: Selector,
    /// What [`Selector`] does not have: `>` and `<`.
    bounds: Vec<Bound>,
}

/// `size>3`
#[derive(Clone, Debug)]
struct Bound {
    key: String,
    above: bool,
    number: i64,
}

enum Requirement {
    Expression(Expression),
    Bound(Bound),
}

impl LabelSelector {
    pub(crate) fn selects_all(&self) -> bool {
        self.selector.selects_all() && self.bounds.is_empty()
    }

    pub(crate) fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let within = |bound: &Bound| {
            let number = labels.get(&bound.key).and_then(|value| value.parse::<i64>().ok());
            number.is_some_and(|number| {
                if bound.above {
                    number > bound.number
                } else {
                    number < bound.number
                }
            })
        };
        self.selector.matches(labels) && self.bounds.iter().all(within)
    }
}

/// The selector that `text` spells; the empty one selects everything.
pub(crate) fn parse(text: &str) -> Result<LabelSelector, String> {
    let mut tokens = Tokens(text);
    let (mut expressions, mut bounds) = (Vec::new(), Vec::new());
    if tokens.peek().is_empty() {
        return Ok(LabelSelector::default());
    }
    loop {
        if is_sign(tokens.peek()) && tokens.peek() != "!" {
            let found = tokens.peek();
            return Err(format!("found '{found}', expected: !, identifier, or 'end of string'"));
        }
        let read = requirement(&mut tokens);
        match read.map_err(|why| format!("unable to parse requirement: {why}"))? {
            Requirement::Expression(expression) => expressions.push(expression),
            Requirement::Bound(bound) => bounds.push(bound),
        }
        match tokens.next() {
            "" => {
                return Ok(LabelSelector {
                    selector: expressions.into_iter().collect(),
                    bounds,
                });
            }
            "," => {}
            other => return Err(format!("found '{other}', expected: ',' or 'end of string'")),
        }
    }
}

fn requirement(tokens: &mut Tokens<'_>) -> Result<Requirement, String> {
    let first = tokens.next();
    if first == "!" {
        return Ok(Requirement::Expression(Expression::DoesNotExist(key(tokens.next())?)));
    }
    let key = key(first)?;
    let expression = match tokens.peek() {
        "" | "," => Expression::Exists(key),
        "=" | "==" => {
            tokens.next();
            Expression::Equal(key.clone(), value(tokens, &key)?)
        }
        "!=" => {
            tokens.next();
            Expression::NotEqual(key.clone(), value(tokens, &key)?)
        }
        operator @ ("in" | "notin") => {
            tokens.next();
            let values = set(tokens, &key)?;
            if operator == "in" {
                Expression::In(key, values)
            } else {
                Expression::NotIn(key, values)
            }
        }
        operator @ (">" | "<") => {
            tokens.next();
            let text = word(tokens)?;
            let number = text.parse().map_err(|_| {
                let why = "for 'Gt', 'Lt' operators, the value must be an integer";
                FieldError::invalid("values[0]", &Value::from(text), why).to_string()
            })?;
            let above = operator == ">";
            return Ok(Requirement::Bound(Bound { key, above, number }));
        }
        other => return Err(format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt")),
    };
    Ok(Requirement::Expression(expression))
}

fn key(token: &str) -> Result<String, String> {
    if token.is_empty() || is_sign(token) {
        return Err(format!("found '{token}', expected: identifier"));
    }
    match validate::key_fault(token) {
        Some(why) => Err(FieldError::invalid("<nil>", &token.into(), why).to_string()),
        None => Ok(token.to_owned()),
    }
}

/// A word, which may be empty.
fn word<'t>(tokens: &mut Tokens<'t>) -> Result<&'t str, String> {
    match tokens.peek() {
        "" | "," => Ok(""),
        sign if is_sign(sign) => Err(format!("found '{sign}', expected: identifier")),
        _ => Ok(tokens.next()),
    }
}

fn value(tokens: &mut Tokens<'_>, key: &str) -> Result<String, String> {
    let word = word(tokens)?;
    checked(word, 0, key)
}

fn checked(value: &str, position: usize, key: &str) -> Result<String, String> {
    match validate::label_value_fault(value) {
        Some(why) => Err(FieldError::invalid(format!("values[{position}][{key}]"), &value.into(), why).to_string()),
        None => Ok(value.to_owned()),
    }
}

fn set(tokens: &mut Tokens<'_>, key: &str) -> Result<BTreeSet<String>, String> {
    let open = tokens.next();
    if open != "(" {
        return Err(format!("found '{open}' expected: '('"));
    }
    let mut values: BTreeSet<String> = BTreeSet::new();
    loop {
        let token = tokens.next();
        match token {
            "" => return Err("found '', expected: ',' or ')'".to_owned()),
            // Told by their places in the sorted set.
            ")" => {
                let checked = values.iter().enumerate().map(|(at, value)| checked(value, at, key));
                return checked.collect();
            }
            "," => {}
            value => {
                values.insert(value.to_owned());
            }
        }
    }
}

fn is_sign(token: &str) -> bool {
    matches!(token, "," | "(" | ")" | "=" | "==" | "!=" | "!" | ">" | "<")
}

/// The words and signs of a selector; the empty token is the end.
struct Tokens<'t>(&'t str);

impl<'t> Tokens<'t> {
    fn split(&self) -> (&'t str, &'t str) {
        let text = self.0.trim_start();
        for sign in ["==", "!=", "=", "!", ",", "(", ")", ">", "<"] {
            if let Some(rest) = text.strip_prefix(sign) {
                return (&text[..sign.len()], rest);
            }
        }
        let end = text
            .find(|c: char| c.is_whitespace() || "=!,()<>".contains(c))
            .unwrap_or(text.len());
        text.split_at(end)
    }

    fn peek(&self) -> &'t str {
        self.split().0
    }

    fn next(&mut self) -> &'t str {
        let (token, rest) = self.split();
        self.0 = rest;
        token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selects(selector: &str, labels: &[(&str, &str)]) -> bool {
        let labels = labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        parse(selector).unwrap().matches(&labels.collect())
    }

    #[test]
    fn every_operator_selects_as_kubernetes_does() {
        let labels = [("app", "web"), ("tier", "a"), ("empty", ""), ("size", "4")];
        for selector in [
            "",
            "app=web",
            "app == web",
            "app!=api",
            "other!=x",
            "tier in (a, b)",
            "tier notin (c)",
            "app",
            "!old",
            "empty=",
            "app=web,tier=a",
            "size>3",
            "size > -1, size<5,app",
        ] {
            assert!(selects(selector, &labels), "{selector}");
        }
        for selector in [
            "app=api",
            "app!=web",
            "tier in (b)",
            "old in (a)",
            "tier notin (a)",
            "old",
            "!app",
            "app=web,tier=b",
            "size>4",
            "size<4",
            "app>3",
            "none<3",
        ] {
            assert!(!selects(selector, &labels), "{selector}");
        }
    }

    #[test]
    fn nonsense_is_refused_in_kubernetes_words() {
        let error = parse("a b c").unwrap_err();
        assert_eq!(
            error,
            "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"
        );
        let error = parse("size>big").unwrap_err();
        assert_eq!(
            error,
            "unable to parse requirement: values[0]: Invalid value: \"big\": for 'Gt', 'Lt' operators, the value must be an integer"
        );
        let error = parse("_a=b").unwrap_err();
        let start = "unable to parse requirement: <nil>: Invalid value: \"_a\": name part must consist of";
        assert!(error.starts_with(start), "{error}");
        assert!(parse("a>=1").is_err());
        assert!(parse("a=b_").is_err());
        assert!(parse("a in b").is_err());
        assert!(parse("a in (b").is_err());
        assert!(parse(",").is_err());
    }
}
