//! The same kubectl on the real server and on smi-fake: what it prints has to be the same.

use std::sync::LazyLock;

use e2e::{Kubectl, Output};
use kube::config::Kubeconfig;
use regex::Regex;
use smi_fake::Server;
use smi_sdk::CrdOptions;

use crate::{Outcome, kubectl::cluster_with_crds};

/// One kubectl on each server, with the same files to read.
pub(crate) struct Sides {
    pub(crate) real: Kubectl,
    pub(crate) fake: Kubectl,
    /// Listens as long as it is there.
    _server: Server,
}

impl Sides {
    /// Both servers have the SMI kinds, and `namespace`.
    pub(crate) async fn new(namespace: &str) -> Outcome<Self> {
        let cluster = cluster_with_crds().await;
        let server = Server::new(smi_sdk::crds(&CrdOptions::all_served()));
        assert_eq!(server.refused(), [""; 0]);
        let sides = Self {
            real: Kubectl::new(&Kubeconfig::read_from(cluster.kubeconfig())?)?,
            fake: Kubectl::new(&server.listen().await?.kubeconfig())?,
            _server: server,
        };
        sides.same(&format!("create namespace {namespace}")).await?;
        Ok(sides)
    }

    /// Puts a file where both read it.
    pub(crate) fn write(&self, path: &str, text: &str) -> Outcome {
        for kubectl in [&self.real, &self.fake] {
            let path = kubectl.folder().join(path);
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::write(path, text)?;
        }
        Ok(())
    }

    /// Runs each line of a script on both. A line is what a person types after `kubectl`, and begins with `!` where it
    /// is to fail. `NAME=value` before it is its environment.
    pub(crate) async fn same(&self, script: &str) -> Outcome {
        let mut differences = Vec::new();
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (line, fails) = line.strip_prefix("! ").map_or((line, false), |line| (line, true));
            let (real, fake) = tokio::try_join!(run(&self.real, line), run(&self.fake, line))?;
            if real.success == fails {
                return Err(format!("`{line}` did not do on the real server what the test says: {real:?}").into());
            }
            if real != fake {
                differences.push(format!("kubectl {line}\n{}", difference(&said(&real), &said(&fake))));
            }
        }
        assert!(
            differences.is_empty(),
            "{} differ:\n{}",
            differences.len(),
            differences.join("\n\n")
        );
        Ok(())
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", output.stdout, output.stderr)
}

/// Both texts without the lines that they begin and end with alike.
fn difference(real: &str, fake: &str) -> String {
    let (real, fake): (Vec<&str>, Vec<&str>) = (real.lines().collect(), fake.lines().collect());
    let start = real.iter().zip(&fake).take_while(|(real, fake)| real == fake).count();
    let (real, fake) = (&real[start..], &fake[start..]);
    let end = real.iter().rev().zip(fake.iter().rev());
    let end = end.take_while(|(real, fake)| real == fake).count();
    let but_end = |lines: &[&str]| lines[..lines.len() - end].join("\n");
    format!("--- real\n{}\n--- fake\n{}", but_end(real), but_end(fake))
}

async fn run(kubectl: &Kubectl, line: &str) -> Result<Output, e2e::Error> {
    let words = words(line);
    let is_variable = |word: &&String| {
        word.split_once('=')
            .is_some_and(|(name, _)| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
    };
    let variables = words.iter().take_while(is_variable).count();
    let (variables, arguments) = words.split_at(variables);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut command = kubectl.command(&arguments);
    command.envs(variables.iter().filter_map(|word| word.split_once('=')));
    let mut output = kubectl.output(command, "").await?;
    output.stdout = plain(&output.stdout);
    output.stderr = plain(&output.stderr);
    Ok(output)
}

/// The words of a line, as a shell has them: `'` holds blanks together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().into_iter().for_each(|word| word.push(other)),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Without what differs from run to run: ids, revisions, times, addresses, and the widths of columns.
pub(crate) fn plain(text: &str) -> String {
    static RUNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        [
            (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
            (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4}( UTC)?", "TIME"),
            (r"\w{3}, \d\d \w{3} \d{4} [0-9:]{8} \+0000", "TIME"),
            (r"(?i)(resource ?version[\\\x22: ]+)\d+", "${1}REVISION"),
            (r"\b10\.\d+\.\d+\.\d+\b", "ADDRESS"),
            (r"https://127\.0\.0\.1:\d+", "SERVER"),
            (r"/\S*/(LIVE|MERGED)-\d+", "$1"),
            (r"\b\d+s\b", "AGE"),
            (r"[ \t]+", " "),
            (r"-{3,}", "---"),
        ]
        .into_iter()
        .filter_map(|(pattern, with)| Some((Regex::new(pattern).ok()?, with)))
        .collect()
    });
    let mut text = text.to_owned();
    for (pattern, with) in &*RUNS {
        text = pattern.replace_all(&text, *with).into_owned();
    }
    text
}

#[test]
fn a_line_is_read_as_a_shell_reads_it() {
    assert_eq!(words("get ts -l 'a in (b)'"), ["get", "ts", "-l", "a in (b)"]);
    assert_eq!(plain("web   12s  10.0.0.7\n"), "web AGE ADDRESS\n");
}
