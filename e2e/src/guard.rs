//! Cleaning up after a process that may die in any way, by `SIGKILL` too.
//!
//! A guard is a shell that waits on a pipe whose other end this process holds. The kernel closes that end whenever the
//! process is gone, and then the shell does its one task. A static that is never dropped is covered by the same rule.

use std::{
    ffi::OsStr,
    io,
    os::{fd::AsFd as _, unix::process::CommandExt as _},
    path::Path,
    process::{Child, Command, Stdio},
};

/// Does one thing when it is dropped, or when the process that holds it ends.
#[derive(Debug)]
pub(crate) struct Guard {
    shell: Child,
}

impl Guard {
    /// Kills the process `pid`.
    pub(crate) fn killing(pid: u32) -> io::Result<Self> {
        Self::new("read -r _; kill -9 \"$1\" 2>/dev/null", pid.to_string().as_ref())
    }

    /// Removes the folder `path`.
    pub(crate) fn removing(path: &Path) -> io::Result<Self> {
        Self::new("read -r _; rm -rf -- \"$1\"", path.as_os_str())
    }

    /// A process group of its own: `Ctrl-C` in a terminal ends the tests, and must not end the guard first.
    fn new(script: &str, argument: &OsStr) -> io::Result<Self> {
        let shell = Command::new("sh")
            .args(["-c", script, "guard"])
            .arg(argument)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self { shell })
    }

    /// Another hold on the guard, for a child to have as its standard input: the guard waits until the child has ended
    /// as well.
    pub(crate) fn hold(&self) -> io::Result<Stdio> {
        let Some(pipe) = &self.shell.stdin else {
            return Ok(Stdio::null());
        };
        Ok(pipe.as_fd().try_clone_to_owned()?.into())
    }

    /// Ends the guard without its task, for when there is nothing left to do.
    pub(crate) fn disarm(mut self) -> io::Result<()> {
        self.shell.kill()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // There is nobody to tell, and nothing else to try.
        drop(self.shell.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_guard_has_done_its_task() {
        let folder = tempfile::tempdir().unwrap();
        let guard = Guard::removing(folder.path()).unwrap();
        assert!(folder.path().exists());
        drop(guard);
        assert!(!folder.path().exists());
    }

    #[test]
    fn a_disarmed_guard_has_not() {
        let folder = tempfile::tempdir().unwrap();
        Guard::removing(folder.path()).unwrap().disarm().unwrap();
        assert!(folder.path().exists());
    }

    #[test]
    fn a_guard_waits_for_a_child_that_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let guard = Guard::removing(folder.path()).unwrap();
        let seen = folder.path().join("seen");
        // The child writes into the folder after the guard has lost its own end of the pipe.
        let (begin, write) = std::io::pipe().unwrap();
        let mut child = Command::new("sh")
            .args(["-c", "read -r _ <&1; echo seen > \"$1\"", "child"])
            .arg(&seen)
            .stdin(guard.hold().unwrap())
            .stdout(begin)
            .spawn()
            .unwrap();
        let ended = std::thread::spawn(move || drop(guard));
        drop(write);
        assert!(child.wait().unwrap().success());
        ended.join().unwrap();
        assert!(!folder.path().exists());
    }
}
