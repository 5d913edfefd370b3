//! One running program that never outlives this process.

use std::{
    fs::{self, File},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::{Error, guard::Guard};

/// How many lines of a log an error shows.
const TAIL: usize = 15;

/// A child process, killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    program: &'static str,
    log: PathBuf,
    child: Child,
    /// `None` once the child has ended.
    guard: Option<Guard>,
}

impl Process {
    /// Starts `command`, both of its outputs at the end of the file `log`.
    pub(crate) fn spawn(program: &'static str, mut command: Command, log: &Path) -> Result<Self, Error> {
        let open = || -> std::io::Result<(File, File)> {
            let file = File::options().create(true).append(true).open(log)?;
            Ok((file.try_clone()?, file))
        };
        let (stdout, stderr) = open().map_err(Error::io(|| format!("write `{}`", log.display())))?;
        // A process group of its own: `Ctrl-C` in a terminal would ask for a shutdown that takes the server a minute.
        let mut child = command
            .stdout(Stdio::from(stdout))
            .stderr(Stdio::from(stderr))
            .process_group(0)
            .spawn()
            .map_err(Error::io(|| format!("start `{}`", command.get_program().display())))?;
        match Guard::killing(child.id()) {
            Ok(guard) => Ok(Self {
                program,
                log: log.to_owned(),
                child,
                guard: Some(guard),
            }),
            Err(source) => {
                end(&mut child);
                Err(Error::Io {
                    what: format!("guard `{program}`"),
                    source,
                })
            }
        }
    }

    /// An error with the end of the log when the program is no longer running.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        let status = self
            .child
            .try_wait()
            .map_err(Error::io(|| format!("look after `{}`", self.program)))?;
        let Some(status) = status else { return Ok(()) };
        // The process id is free for others now: nothing may be sent to it.
        if let Some(guard) = self.guard.take() {
            guard
                .disarm()
                .map_err(Error::io(|| format!("end the guard of `{}`", self.program)))?;
        }
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        Err(Error::Ended {
            program: self.program,
            status,
            log: self.log.clone(),
            tail: lines[lines.len().saturating_sub(TAIL)..].join("\n"),
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The guard kills; until `wait` the process id belongs to the child, so it cannot hit another process.
        drop(self.guard.take());
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // A child that has ended already is what is wanted.
    drop(child.kill());
    drop(child.wait());
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn shell(script: &str, log: &Path) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null());
        Process::spawn("sh", command, log).unwrap()
    }

    #[test]
    fn a_program_that_ended_shows_how_and_the_end_of_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = shell("seq 20; echo no such flag >&2; exit 3", &folder.path().join("log"));
        process.child.wait().unwrap();
        let error = process.check().unwrap_err().to_string();
        assert!(error.contains("`sh` ended (exit status: 3)"), "{error}");
        assert!(error.ends_with("\n19\n20\nno such flag"), "{error}");
        assert!(!error.contains("\n5\n"), "{error}");
    }

    #[test]
    fn a_dropped_process_is_killed_and_a_later_one_adds_to_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let (mut reader, writer) = std::io::pipe().unwrap();
        let mut command = Command::new("sh");
        // Would stay for ever: the reader below gets to the end only when it is dead.
        command
            .args(["-c", "echo first; exec tail -f /dev/null"])
            .stdin(Stdio::from(writer));
        let process = Process::spawn("sh", command, &log).unwrap();
        drop(process);
        reader.read_to_end(&mut Vec::new()).unwrap();

        shell("echo second", &log).child.wait().unwrap();
        assert!(fs::read_to_string(&log).unwrap().ends_with("second\n"));
    }
}
