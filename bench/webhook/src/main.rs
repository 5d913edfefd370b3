//! The webhook, its server and its clients, as whole processes; see README.md.

mod cpu;
mod load;
#[path = "../../informers/src/measure.rs"]
#[allow(dead_code, reason = "the informers need more of it")]
mod measure;
mod objects;
mod serve;

use std::{env, error::Error};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["cpu"] => cpu::run(),
        ["serve", root] => serve::run(root),
        ["load", address, root, objects, connections, seconds] => {
            load::sustained(address, root, objects.parse()?, connections.parse()?, seconds.parse()?)
        }
        ["flood", address, root, bytes, connections, rounds] => {
            load::flood(address, root, bytes.parse()?, connections.parse()?, rounds.parse()?)
        }
        ["heavy", address, root, bytes, connections, rounds] => {
            load::hostile(address, root, bytes.parse()?, connections.parse()?, rounds.parse()?)
        }
        _ => Err("see README.md for the arguments".into()),
    }
}
