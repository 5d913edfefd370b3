//! Label selectors as text: `app=web,tier in (a, b),!old`. `gt` and `lt` are not known.

use kube::core::{Expression, Selector};

/// The selector that `text` spells; the empty one selects everything.
pub(crate) fn parse(text: &str) -> Result<Selector, String> {
    let mut tokens = Tokens(text);
    let mut expressions = Vec::new();
    if tokens.peek().is_empty() {
        return Ok(Selector::default());
    }
    loop {
        if is_sign(tokens.peek()) && tokens.peek() != "!" {
            let found = tokens.peek();
            return Err(format!("found '{found}', expected: !, identifier, or 'end of string'"));
        }
        let read = requirement(&mut tokens);
        expressions.push(read.map_err(|why| format!("unable to parse requirement: {why}"))?);
        match tokens.next() {
            "" => return Ok(expressions.into_iter().collect()),
            "," => {}
            other => return Err(format!("found '{other}', expected: ',' or 'end of string'")),
        }
    }
}

fn requirement(tokens: &mut Tokens<'_>) -> Result<Expression, String> {
    let first = tokens.next();
    if first == "!" {
        return Ok(Expression::DoesNotExist(key(tokens.next())?));
    }
    let key = key(first)?;
    Ok(match tokens.peek() {
        "" | "," => Expression::Exists(key),
        "=" | "==" => {
            tokens.next();
            Expression::Equal(key, value(tokens))
        }
        "!=" => {
            tokens.next();
            Expression::NotEqual(key, value(tokens))
        }
        operator @ ("in" | "notin") => {
            tokens.next();
            let values = set(tokens)?;
            if operator == "in" {
                Expression::In(key, values)
            } else {
                Expression::NotIn(key, values)
            }
        }
        other => return Err(format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt")),
    })
}

fn key(token: &str) -> Result<String, String> {
    if token.is_empty() || is_sign(token) {
        return Err(format!("found '{token}', expected: identifier"));
    }
    Ok(token.to_owned())
}

/// A value, which may be empty.
fn value(tokens: &mut Tokens<'_>) -> String {
    if matches!(tokens.peek(), "" | ",") {
        String::new()
    } else {
        tokens.next().to_owned()
    }
}

fn set(tokens: &mut Tokens<'_>) -> Result<std::collections::BTreeSet<String>, String> {
    let open = tokens.next();
    if open != "(" {
        return Err(format!("found '{open}' expected: '('"));
    }
    let mut values = std::collections::BTreeSet::new();
    loop {
        let token = tokens.next();
        match token {
            "" => return Err("found '', expected: ',' or ')'".to_owned()),
            ")" => return Ok(values),
            "," => {}
            value => {
                values.insert(value.to_owned());
            }
        }
    }
}

fn is_sign(token: &str) -> bool {
    matches!(token, "," | "(" | ")" | "=" | "==" | "!=" | "!")
}

/// The words and signs of a selector; the empty token is the end.
struct Tokens<'t>(&'t str);

impl<'t> Tokens<'t> {
    fn split(&self) -> (&'t str, &'t str) {
        let text = self.0.trim_start();
        for sign in ["==", "!=", "=", "!", ",", "(", ")"] {
            if let Some(rest) = text.strip_prefix(sign) {
                return (&text[..sign.len()], rest);
            }
        }
        let end = text
            .find(|c: char| c.is_whitespace() || "=!,()".contains(c))
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
    use kube::core::SelectorExt;

    use super::*;

    fn selects(selector: &str, labels: &[(&str, &str)]) -> bool {
        let labels = labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        parse(selector).unwrap().matches(&labels.collect())
    }

    #[test]
    fn every_operator_selects_as_kubernetes_does() {
        let labels = [("app", "web"), ("tier", "a"), ("empty", "")];
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
        assert!(parse("a in b").is_err());
        assert!(parse("a in (b").is_err());
        assert!(parse(",").is_err());
    }
}
