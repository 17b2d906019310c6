//! Questions before something that cannot be taken back.

use dialoguer::Input;

use super::ui::Ui;
use crate::gate::Review;
use crate::migrate::Consent;
use crate::runtime::Interruptible;

/// Shows what a plan would do and waits for an answer; anything but a yes is a no.
pub(super) fn ask(ui: &mut Ui, review: &Review) -> Consent {
    let mut text = review.heading();
    for line in review.lines() {
        text.push_str("\n  ");
        text.push_str(&line);
    }
    ask_about(ui, &text)
}

/// Shows a sentence and waits for an answer; anything but a yes is a no.
pub(super) fn ask_about(ui: &mut Ui, text: &str) -> Consent {
    // Locks and connections are let go of in order, which a signal would not do.
    let _interruptible = Interruptible::begin();
    ui.warning(text);
    let question = Input::<String>::new().with_prompt("Go on? [y/N]").allow_empty(true);
    match question.interact() {
        Ok(answer) if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) => Consent::Given,
        Ok(_) => Consent::Declined,
        Err(dialoguer::Error::IO(error)) if error.kind() == std::io::ErrorKind::Interrupted => Consent::Interrupted,
        // The terminal went away.
        Err(_) => Consent::Declined,
    }
}
