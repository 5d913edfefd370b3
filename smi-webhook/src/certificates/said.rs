//! What was said last, so that the log says it once.

/// The last warning about one thing. What goes on is not said again at each look.
#[derive(Debug, Default)]
pub(super) struct Said(Option<String>);

impl Said {
    /// Warns, unless the same was said last.
    pub(super) fn warn(&mut self, words: &str) {
        if self.0.as_deref() != Some(words) {
            tracing::warn!("{words}");
            self.0 = Some(words.to_owned());
        }
    }

    /// Tells `words` where something was wrong until now.
    pub(super) fn is_over(&mut self, words: &str) {
        if self.0.take().is_some() {
            tracing::info!("{words}");
        }
    }
}
