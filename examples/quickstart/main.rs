//! Reads SMI manifests and prints the mesh that they describe: every object in one line, whichever its version.
//!
//! ```sh
//! cargo run --example quickstart                  # the demo mesh in examples/demo
//! cargo run --example quickstart -- manifests/    # yours
//! kubectl get smi -A -o yaml | cargo run --example quickstart -- -
//! ```

use std::{
    env,
    error::Error,
    ffi::OsString,
    io::{self, IsTerminal, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use lexopt::prelude::*;
use smi_sdk::manifest::{ReadOptions, read_paths};

pub(crate) mod mesh;
pub(crate) mod says;
pub(crate) mod shares;
pub(crate) mod table;

use mesh::Mesh;
use table::Screen;

const HELP: &str = "\
Prints the mesh that SMI manifests describe: every object in one line, then how many there are, then what could not be
read, and why.

Usage: quickstart [OPTIONS] [PATH..]

  PATH         a file, a folder (walked for .yaml, .yml and .json), or - for standard input; default: the demo mesh
  --strict     refuse objects with unknown fields or duplicate keys
  --no-color   no colours on a terminal; so does NO_COLOR=1
  -h, --help   print this

Exit code: 0 when everything could be read, 1 when something could not, 2 for wrong arguments. The demo has one broken
object on purpose and exits with 0.
";

/// Everything could be read.
pub(crate) const ALL_READ: u8 = 0;
/// Something could not be read.
pub(crate) const SOME_UNREADABLE: u8 = 1;
/// The arguments make no sense, or the result cannot be written.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    let result = run(
        env::args_os().skip(1),
        io::stdin().lock(),
        &mut io::stdout().lock(),
        screen(),
    );
    ExitCode::from(result.unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "quickstart: {error}");
        FAILED
    }))
}

/// The whole program; returns its exit code. Wrong arguments are an error.
pub(crate) fn run(
    arguments: impl IntoIterator<Item = OsString>,
    stdin: impl Read,
    stdout: &mut impl Write,
    screen: Screen,
) -> Result<u8, Box<dyn Error>> {
    let arguments = parse(arguments)?;
    if arguments.help {
        printed(stdout.write_all(HELP.as_bytes()))?;
        return Ok(ALL_READ);
    }
    let is_demo = arguments.paths.is_empty();
    let paths = if is_demo { vec![demo()] } else { arguments.paths };
    let options = if arguments.strict {
        ReadOptions::default().strict()
    } else {
        ReadOptions::default()
    };
    let screen = Screen {
        colour: screen.colour && !arguments.no_color,
        ..screen
    };

    let mesh = Mesh::of(read_paths(paths, stdin, options));
    let text = mesh.print(screen);
    printed(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))?;
    let is_fine = is_demo || mesh.unreadable().is_empty();
    Ok(if is_fine { ALL_READ } else { SOME_UNREADABLE })
}

#[derive(Default)]
struct Arguments {
    paths: Vec<PathBuf>,
    strict: bool,
    no_color: bool,
    help: bool,
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, lexopt::Error> {
    let mut parsed = Arguments::default();
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("strict") => parsed.strict = true,
            Long("no-color") => parsed.no_color = true,
            Short('h') | Long("help") => parsed.help = true,
            Value(path) => parsed.paths.push(path.into()),
            other => return Err(other.unexpected()),
        }
    }
    Ok(parsed)
}

/// Where the demo is, as seen from the current folder where it is below that.
fn demo() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join("demo");
    let below = env::current_dir()
        .ok()
        .and_then(|here| Some(folder.strip_prefix(here).ok()?.to_owned()))
        .filter(|path| !path.as_os_str().is_empty());
    below.unwrap_or(folder)
}

/// What standard output can show.
fn screen() -> Screen {
    if !io::stdout().is_terminal() {
        return Screen::default();
    }
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    Screen {
        colour: !is_set("NO_COLOR") && env::var_os("TERM").is_none_or(|terminal| terminal != "dumb"),
        width: terminal_size::terminal_size().map(|(width, _)| width.0.into()),
    }
}

/// A reader that has seen enough and goes away is no failure.
fn printed(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
