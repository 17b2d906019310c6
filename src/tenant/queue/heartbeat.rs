use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::lease::Lease;
use super::link::{Link, QueuePlace};
use super::store::Queue;

/// The leases of a runner, by position.
#[derive(Debug, Clone, Default)]
pub(super) struct Leases(Arc<Mutex<HashMap<usize, Lease>>>);

impl Leases {
    pub(super) fn add(&self, lease: Lease) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(lease.position, lease);
    }

    pub(super) fn get(&self, position: usize) -> Option<Lease> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&position).cloned()
    }

    pub(super) fn remove(&self, position: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&position);
    }

    fn all(&self) -> Vec<Lease> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// A thread with a connection of its own that renews the leases of a runner, three times before they would be over. It does not tell anybody
/// about leases that were lost: whether one is still ours is asked before a tenant is begun and when it is reported.
#[derive(Debug)]
pub(super) struct Heartbeat {
    ending: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Heartbeat {
    pub(super) fn start(place: &QueuePlace, run: &str, lease: Duration, leases: Leases) -> std::io::Result<Self> {
        // One attempt a beat: the next one is the retry.
        let place = QueuePlace { patience: Duration::ZERO, ..place.clone() };
        let queue = Queue { link: Link::closed(place) };
        let run = run.to_owned();
        let (ending, end) = channel();
        let beat = move || beat_until(&end, &queue, (&run, lease), &leases);
        let thread = Builder::new().name("lease renewal".to_owned()).spawn(beat)?;
        Ok(Self { ending: Some(ending), thread: Some(thread) })
    }
}

impl Drop for Heartbeat {
    /// The thread may hang in a dead network: then nobody waits for it.
    fn drop(&mut self) {
        const PATIENCE: Duration = Duration::from_millis(300);
        drop(self.ending.take());
        let Some(thread) = self.thread.take() else { return };
        let began = Instant::now();
        while !thread.is_finished() && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(2));
        }
        if thread.is_finished() {
            // It only ever returns nothing.
            let _ = thread.join();
        }
    }
}

fn beat_until(end: &Receiver<()>, queue: &Queue, (run, lease): (&str, Duration), leases: &Leases) {
    let mut pause = lease / 3;
    while end.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        let ours = leases.all();
        let renewed = if ours.is_empty() { Ok(Vec::new()) } else { queue.renew(run, &ours) };
        pause = if renewed.is_ok() { lease / 3 } else { lease / 15 };
    }
}
