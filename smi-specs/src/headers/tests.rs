//! Both spellings of `headers`, read and written.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Headers(#[serde(with = "super")] Vec<HeaderMatch>);

fn read(value: Value) -> Result<Vec<HeaderMatch>, String> {
    serde_json::from_value(value)
        .map(|Headers(headers)| headers)
        .map_err(|error| error.to_string())
}

#[test]
fn a_list_of_one_key_maps_keeps_its_order() {
    let headers = read(json!([{"user-agent": ".*Android.*"}, {"cookie": "insider"}])).unwrap();
    assert_eq!(
        headers,
        [
            HeaderMatch::new("user-agent", ".*Android.*"),
            HeaderMatch::new("cookie", "insider")
        ]
    );
}

#[test]
fn a_map_means_the_same_as_a_list_sorted_by_name() {
    let headers = read(json!({"user-agent": "a", "cookie": "b"})).unwrap();
    assert_eq!(
        headers,
        [HeaderMatch::new("cookie", "b"), HeaderMatch::new("user-agent", "a")]
    );
}

#[test]
fn a_list_item_with_several_keys_means_all_of_them() {
    let headers = read(json!([{"z": "1"}, {"b": "2", "a": "3"}])).unwrap();
    assert_eq!(
        headers,
        [
            HeaderMatch::new("z", "1"),
            HeaderMatch::new("a", "3"),
            HeaderMatch::new("b", "2")
        ]
    );
}

#[test]
fn null_and_empty_headers_are_no_headers() {
    for value in [json!(null), json!([]), json!({}), json!([{}])] {
        assert_eq!(read(value).unwrap(), []);
    }
}

#[test]
fn a_repeated_name_is_an_error_whatever_its_case() {
    for value in [
        json!([{"X-Debug": "1"}, {"x-debug": "2"}]),
        json!({"X-Debug": "1", "x-debug": "2"}),
    ] {
        let error = read(value).unwrap_err();
        assert!(
            error.contains("the header `x-debug` is there more than once"),
            "{error}"
        );
    }
    let twice = serde_json::from_str::<Headers>(r#"[{"a": "1", "a": "2"}]"#)
        .unwrap_err()
        .to_string();
    assert!(twice.contains("the header `a` is there more than once"), "{twice}");
}

#[test]
fn a_value_that_is_no_string_is_an_error_that_shows_it() {
    let error = read(json!({"x-debug": 1})).unwrap_err();
    assert!(error.contains("integer `1`"), "{error}");
    assert!(read(json!([{"x-debug": null}])).is_err());
    assert!(read(json!("x-debug")).is_err());
}

#[test]
fn the_list_form_is_written_in_order() {
    let headers = Headers(vec![HeaderMatch::new("z", "1"), HeaderMatch::new("a", "2")]);
    assert_eq!(serde_json::to_string(&headers).unwrap(), r#"[{"z":"1"},{"a":"2"}]"#);
}

#[test]
fn the_map_form_is_there_for_the_crds_that_want_it_and_goes_back() {
    let list = json!({"spec": {"matches": [{"name": "m", "headers": [{"z": "1"}, {"a": "2"}]}, {"name": "n"}]}});
    let mut object = list.clone();
    HeaderForm::Map.apply(&mut object);
    assert_eq!(object["spec"]["matches"][0]["headers"], json!({"a": "2", "z": "1"}));
    HeaderForm::List.apply(&mut object);
    assert_eq!(object["spec"]["matches"][0]["headers"], json!([{"a": "2"}, {"z": "1"}]));
    let mut again = list.clone();
    HeaderForm::List.apply(&mut again);
    assert_eq!(again, list);
}
