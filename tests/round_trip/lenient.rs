//! The same objects in the spellings that clusters and files hold.

use serde_json::{Map, Value, json};

/// `object` in another spelling that means the same; `choices` say which of the possible ones.
pub(crate) fn respelled(mut object: Value, choices: Vec<u8>) -> Value {
    let mut choose = choices.into_iter().cycle();
    let mut respell = Respell {
        choose: &mut || choose.next().unwrap_or_default(),
    };
    let text = |field| object.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    match (text("kind").as_str(), text("apiVersion").as_str()) {
        ("TrafficMetricsList", _) => respell.each(&mut object, "items", Respell::metrics),
        ("TrafficMetrics", _) => respell.metrics(&mut object),
        ("TCPRoute", "specs.smi-spec.io/v1alpha3") => respell.may_be_absent(&mut object, "spec"),
        (_, "access.smi-spec.io/v1alpha1" | "specs.smi-spec.io/v1alpha1" | "specs.smi-spec.io/v1alpha2") => {
            respell.body(&mut object);
        }
        _ => respell.body(&mut object["spec"]),
    }
    object
}

struct Respell<'c> {
    choose: &'c mut dyn FnMut() -> u8,
}

impl Respell<'_> {
    fn yes(&mut self) -> bool {
        (self.choose)().is_multiple_of(2)
    }

    fn each(&mut self, map: &mut Value, field: &str, respell: fn(&mut Self, &mut Value)) {
        if let Some(Value::Array(items)) = map.get_mut(field) {
            for item in items {
                respell(self, item);
            }
        }
        self.may_be_absent(map, field);
    }

    /// An empty value may be `null` or absent, and an absent one `null`.
    fn may_be_absent(&mut self, map: &mut Value, field: &str) {
        let Value::Object(map) = map else { return };
        let empty = map
            .get(field)
            .is_none_or(|value| [json!(null), json!([]), json!({}), json!("")].contains(value));
        match (empty, (self.choose)() % 3) {
            (true, 0) => drop(map.insert(field.to_owned(), Value::Null)),
            (true, 1) => drop(map.remove(field)),
            _ => {}
        }
    }

    /// The fields of any kind, at the root or under `spec`; those of different kinds do not collide.
    fn body(&mut self, body: &mut Value) {
        if let Some(destination) = body.get_mut("destination") {
            self.subject(destination);
            self.each(body, "sources", Self::subject);
            let rules = if body.get("specs").is_some() { "specs" } else { "rules" };
            self.each(body, rules, |respell, rule| respell.may_be_absent(rule, "matches"));
        }
        if let Some(schemes) = body.get_mut("schemes") {
            if let Some(selector) = schemes.get_mut("podLabelSelector") {
                self.may_be_absent(selector, "matchLabels");
            }
            self.may_be_absent(schemes, "spiffeIdentities");
            self.may_be_absent(schemes, "serviceAccount");
        }
        if body.get("backends").is_some() {
            self.each(body, "backends", |respell, backend| {
                respell.float(&mut backend["weight"]);
            });
            self.each(body, "matches", |respell, route| {
                if route.get("apiGroup").is_none() {
                    respell.may_be_absent(route, "apiGroup");
                }
            });
        } else if body.get("matches").is_some_and(Value::is_array) {
            self.each(body, "matches", Self::http_match);
        } else if let Some(ports) = body.get_mut("matches") {
            self.each(ports, "ports", Self::digits);
            self.may_be_absent(body, "matches");
        }
    }

    fn subject(&mut self, subject: &mut Value) {
        if let Some(port) = subject.get_mut("port") {
            self.digits(port);
        }
        for field in ["port", "namespace", "group"] {
            if subject.get(field).is_none() {
                self.may_be_absent(subject, field);
            }
        }
    }

    fn http_match(&mut self, one: &mut Value) {
        self.may_be_absent(one, "methods");
        if one.get("pathRegex").is_none() {
            self.may_be_absent(one, "pathRegex");
        }
        let is_none = one.get("headers").is_none();
        if let Some(Value::Array(headers)) = one.get_mut("headers") {
            let items = headers.iter().filter_map(Value::as_object).cloned();
            one["headers"] = self.headers(items.collect());
        } else if is_none && self.yes() {
            one["headers"] = [json!({}), json!([]), json!([{}]), json!(null)][usize::from((self.choose)() % 4)].clone();
        }
    }

    /// Neighbours in sorted order may share a map; if all do, the list may be that map.
    fn headers(&mut self, items: Vec<Map<String, Value>>) -> Value {
        let mut shared: Vec<Map<String, Value>> = Vec::new();
        for item in items {
            let follows = shared
                .last()
                .is_some_and(|last| last.keys().next_back() < item.keys().next());
            match shared.last_mut() {
                Some(last) if follows && self.yes() => last.extend(item),
                _ => shared.push(item),
            }
        }
        match shared.as_slice() {
            [one] if self.yes() => one.clone().into(),
            _ => shared.into(),
        }
    }

    /// `90` may be `90.0`.
    fn float(&mut self, number: &mut Value) {
        if let Some(whole) = number.as_i64().and_then(|whole| i32::try_from(whole).ok())
            && self.yes()
        {
            *number = f64::from(whole).into();
        }
    }

    /// `8080` may be `"8080"`.
    fn digits(&mut self, number: &mut Value) {
        if self.yes() {
            *number = number.to_string().into();
        }
    }

    fn metrics(&mut self, metrics: &mut Value) {
        if let Some(edge) = metrics.get_mut("edge").filter(|edge| edge.is_object()) {
            if edge["resource"].is_null() && self.yes() {
                edge["resource"] = json!({"kind": "", "name": null});
            }
            self.may_be_absent(edge, "resource");
            self.may_be_absent(edge, "side");
        }
        self.each(metrics, "metrics", |respell, metric| {
            let whole = metric["value"].as_str().and_then(|text| text.parse::<i64>().ok());
            if let Some(whole) = whole.filter(|_| respell.yes()) {
                metric["value"] = whole.into();
            }
            respell.may_be_absent(metric, "value");
            respell.may_be_absent(metric, "unit");
        });
        for field in ["edge", "backend", "timestamp", "window", "resource"] {
            self.may_be_absent(metrics, field);
        }
        for field in ["kind", "apiVersion"] {
            // As in the items of a list.
            if self.yes()
                && let Some(map) = metrics.as_object_mut()
            {
                map.remove(field);
            }
        }
    }
}
