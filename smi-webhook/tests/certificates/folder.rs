//! A certificate in a folder, as kubelet mounts a Secret.

use std::{fs, path::Path, time::Duration};

use futures::future::BoxFuture;
use smi_webhook::certificates::{Certificates, Current, Folder};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::support::{DAY, Texts, Time, shows, texts, texts_until, until};

/// A folder as kubelet mounts it: files that are links through `..data`, which is turned in one step.
struct Mounted(TempDir);

impl Mounted {
    fn new(texts: &Texts) -> Self {
        let mounted = Self(tempfile::tempdir().unwrap());
        mounted.turn("..first", texts);
        for file in ["tls.crt", "tls.key"] {
            std::os::unix::fs::symlink(Path::new("..data").join(file), mounted.0.path().join(file)).unwrap();
        }
        mounted
    }

    /// Another content, as an update of the Secret brings it.
    fn turn(&self, name: &str, texts: &Texts) {
        let root = self.0.path();
        fs::create_dir(root.join(name)).unwrap();
        fs::write(root.join(name).join("tls.crt"), &texts.certificate).unwrap();
        fs::write(root.join(name).join("tls.key"), &texts.key).unwrap();
        std::os::unix::fs::symlink(name, root.join("..data_tmp")).unwrap();
        fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
    }
}

/// The certificate of a folder, while it is kept fresh.
struct Kept {
    current: Current,
    task: JoinHandle<()>,
}

impl Kept {
    fn new(certificates: impl Into<Certificates>) -> Self {
        let (current, fresh): (Current, BoxFuture<'static, ()>) = certificates.into().into_parts();
        Self {
            current,
            task: tokio::spawn(fresh),
        }
    }

    async fn until_it_shows(&self, texts: &Texts) {
        until("the certificate is served", async || {
            shows(&self.current, &texts.certificate).then_some(())
        })
        .await;
    }

    /// Whether `texts` are still served after a minute of looks.
    async fn still_shows(&self, texts: &Texts) -> bool {
        tokio::time::sleep(Duration::from_secs(60)).await;
        shows(&self.current, &texts.certificate)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn a_mounted_secret_is_served_and_followed() {
    let (first, second) = (texts(), texts_until(2500));
    let folder = Mounted::new(&first);
    let kept = Kept::new(Certificates::from_dir(folder.0.path()));
    kept.until_it_shows(&first).await;
    folder.turn("..second", &second);
    kept.until_it_shows(&second).await;
    let not_after = kept.current.get().unwrap().not_after;
    assert_eq!(
        not_after,
        std::time::UNIX_EPOCH + Duration::from_secs(16_725_225_600),
        "2500-01-01"
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_there_before_the_first_look_nor_without_files() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Kept::new(Certificates::from_dir(folder.path()));
    assert!(kept.current.get().is_none());
    let texts = texts();
    fs::write(folder.path().join("tls.crt"), &texts.certificate).unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(kept.current.get().is_none(), "half of a pair");
    fs::write(folder.path().join("tls.key"), &texts.key).unwrap();
    kept.until_it_shows(&texts).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_half_written_or_does_not_belong_together_changes_nothing() {
    let (good, other) = (texts(), texts());
    let folder = tempfile::tempdir().unwrap();
    let write = |certificate: &str, key: &str| {
        fs::write(folder.path().join("tls.crt"), certificate).unwrap();
        fs::write(folder.path().join("tls.key"), key).unwrap();
    };
    write(&good.certificate, &good.key);
    let kept = Kept::new(Folder::new(folder.path()));
    kept.until_it_shows(&good).await;
    let half = |text: &str| text[..text.len() / 2].to_owned();
    for (certificate, key) in [
        (other.certificate.clone(), good.key.clone()),
        (good.certificate.clone(), other.key.clone()),
        (half(&other.certificate), other.key.clone()),
        (other.certificate.clone(), half(&other.key)),
        (String::new(), String::new()),
        ("words".to_owned(), "words".to_owned()),
        (other.key.clone(), other.certificate.clone()),
    ] {
        write(&certificate, &key);
        assert!(kept.still_shows(&good).await, "{certificate}{key}");
    }
    fs::remove_file(folder.path().join("tls.key")).unwrap();
    assert!(kept.still_shows(&good).await);
    write(&other.certificate, &other.key);
    kept.until_it_shows(&other).await;
}

#[tokio::test(start_paused = true)]
async fn looks_are_as_far_apart_as_was_asked() {
    let (first, second) = (texts(), texts());
    let folder = Mounted::new(&first);
    let kept = Kept::new(Folder::new(folder.0.path()).every(Duration::from_secs(3600)));
    kept.until_it_shows(&first).await;
    folder.turn("..second", &second);
    assert!(kept.still_shows(&first).await, "it is not looked at within the hour");
    tokio::time::sleep(Duration::from_secs(3600)).await;
    kept.until_it_shows(&second).await;
}

#[tokio::test(start_paused = true)]
async fn an_expired_certificate_is_served_as_the_folder_says() {
    let texts = texts_until(2030);
    let folder = Mounted::new(&texts);
    let time = Time::new();
    time.jump(50_000 * DAY);
    let kept = Kept::new(Folder::new(folder.0.path()).clock(time.clock()));
    kept.until_it_shows(&texts).await;
}
