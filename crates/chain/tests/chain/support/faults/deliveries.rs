//! Messages that come twice, late, or in another order.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use chancery_chain::PeerKey;
use commonware_p2p::Message;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// Messages of a channel that may still come again.
const REMEMBERED: usize = 32;
/// Messages that are held back at a time.
const HELD: usize = 4;

/// How often messages come again and late, in percent. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Disorder {
    again: Arc<AtomicU32>,
    late: Arc<AtomicU32>,
}

impl Disorder {
    pub fn set_percent(&self, again: u32, late: u32) {
        self.again.store(again, Ordering::Relaxed);
        self.late.store(late, Ordering::Relaxed);
    }
}

/// What one channel of one node delivers.
pub struct Deliveries {
    disorder: Disorder,
    random: StdRng,
    past: VecDeque<Message<PeerKey>>,
    held: VecDeque<Message<PeerKey>>,
}

impl Deliveries {
    pub fn new(disorder: Disorder, seed: u64) -> Self {
        Self { disorder, random: StdRng::seed_from_u64(seed), past: VecDeque::new(), held: VecDeque::new() }
    }

    /// Passes a message on, in its turn or not, and perhaps one of the past.
    pub fn pass(&mut self, message: Message<PeerKey>, out: &mut VecDeque<Message<PeerKey>>) {
        let again = self.disorder.again.load(Ordering::Relaxed);
        let late = self.disorder.late.load(Ordering::Relaxed);
        if self.past.len() == REMEMBERED {
            self.past.pop_front();
        }
        self.past.push_back(message.clone());
        if self.held.len() < HELD && self.chance(late) {
            self.held.push_back(message);
        } else {
            out.push_back(message);
        }
        // What is held comes after something that was said later, and when the disorder has ended.
        if late == 0 {
            out.extend(self.held.drain(..));
        } else if self.chance(50) {
            out.extend(self.held.pop_front());
        }
        if self.chance(again) {
            let index = self.random.random_range(0..self.past.len());
            out.push_back(self.past[index].clone());
        }
    }

    fn chance(&mut self, percent: u32) -> bool {
        percent > 0 && self.random.random_range(0..100) < percent
    }
}
