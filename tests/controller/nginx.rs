//! What is rendered.

use smi_sdk::split::v1alpha4::Backend;

use crate::{
    controller::nginx::{NotRendered, render},
    world::split,
};

#[test]
fn nginx_gets_the_heaviest_backend_last_and_no_share_of_zero() {
    let of = |backends: &[(&str, u32)]| {
        let mut split = split("web", 0);
        split.spec.service = "web-shop".into();
        split.spec.backends = backends
            .iter()
            .map(|(name, weight)| Backend::new(*name, *weight))
            .collect();
        render(&split)
    };
    let block = |lines: &str| {
        Ok(format!(
            "split_clients \"$request_id\" $web_shop_backend {{\n{lines}}}\n"
        ))
    };
    assert_eq!(
        of(&[("a", 90), ("b", 10), ("c", 0)]),
        block("    10.00% b;\n    * a;\n")
    );
    assert_eq!(
        of(&[("a", 1), ("b", 1), ("c", 1)]),
        block("    33.33% a;\n    33.33% b;\n    * c;\n")
    );
    assert_eq!(of(&[("a", 1), ("b", 1_000_000)]), block("    0.01% a;\n    * b;\n"));
    assert_eq!(of(&[("a", 7)]), block("    * a;\n"));
    assert_eq!(of(&[("a", 0)]), block("    * \"\";\n"));
    for name in ["a; } evil {", "", "A", "-a", "a.b"] {
        assert_eq!(of(&[(name, 1)]), Err(NotRendered::Name(name.to_owned())));
    }
}
