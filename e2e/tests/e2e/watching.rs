//! `kubectl get --watch` on smi-fake shows what it shows on the real server.

use std::time::Duration;

use e2e::Kubectl;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::ChildStdout,
    time::timeout,
};

use crate::{
    Outcome,
    sides::{Sides, plain},
};

const LIMIT: Duration = Duration::from_secs(60);

const SPLIT: &str = "{apiVersion: split.smi-spec.io/v1alpha4, kind: TrafficSplit, metadata: {name: NAME}, \
    spec: {service: web, backends: [{service: web-v1, weight: 1}]}}";

/// The next `count` lines, without their ages.
async fn read(lines: &mut Lines<BufReader<ChildStdout>>, count: usize) -> Outcome<Vec<String>> {
    let mut read = Vec::new();
    while read.len() < count {
        let line = timeout(LIMIT, lines.next_line()).await??;
        read.push(plain(line.ok_or("kubectl ended")?.trim_end()));
    }
    Ok(read)
}

async fn run(kubectl: &Kubectl, line: &str) -> Outcome {
    let arguments: Vec<&str> = line.split(' ').collect();
    let output = kubectl.output(kubectl.command(&arguments), "").await?;
    if output.success {
        Ok(())
    } else {
        Err(output.stderr.into())
    }
}

/// What a watch prints while objects come, change and go. Each step waits until the one before is seen.
async fn watch(kubectl: &Kubectl, namespace: &str) -> Outcome<Vec<String>> {
    run(kubectl, &format!("create -n {namespace} -f one.yaml")).await?;
    let arguments = [
        "get",
        "ts",
        "-n",
        namespace,
        "--watch",
        "--output-watch-events",
        "-o",
        "wide",
    ];
    let mut child = kubectl.command(&arguments).spawn()?;
    let stdout = child.stdout.take().ok_or("no output")?;
    let mut lines = BufReader::new(stdout).lines();
    let mut seen = read(&mut lines, 2).await?;
    for step in [
        "create -n NS -f two.yaml",
        "label ts one -n NS tier=front",
        "delete ts one -n NS",
    ] {
        run(kubectl, &step.replace("NS", namespace)).await?;
        seen.extend(read(&mut lines, 1).await?);
    }
    Ok(seen)
}

#[tokio::test]
async fn a_watch_shows_what_comes_changes_and_goes() {
    let namespace = "same-watch";
    let sides = Sides::new(namespace).await.unwrap();
    for name in ["one", "two"] {
        sides
            .write(&format!("{name}.yaml"), &SPLIT.replace("NAME", name))
            .unwrap();
    }
    let (real, fake) = tokio::try_join!(watch(&sides.real, namespace), watch(&sides.fake, namespace)).unwrap();
    assert_eq!(fake, real);
    let events: Vec<_> = fake.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(events, ["EVENT", "ADDED", "ADDED", "MODIFIED", "DELETED"]);
}
