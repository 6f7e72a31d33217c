//! How much memory the caches of chains may take: a share of what the machine has, since more of it keeps chains of many millions of slots fast. It is taken as state grows, and not before.

use std::sync::LazyLock;

use sysinfo::{MemoryRefreshKind, ProcessRefreshKind, ProcessesToUpdate, System};

const MIB: u64 = 1 << 20;

/// What this process may use, in bytes: the machine's memory, or less where a control group says so (the limit of a container, `MemoryMax=` of a unit).
static MEMORY: LazyLock<u64> = LazyLock::new(|| {
    let mut system = System::new();
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let machine = system.total_memory();
    let of_container = system.cgroup_limits();
    let own = sysinfo::get_current_pid().ok().and_then(|pid| {
        let only = ProcessRefreshKind::nothing().without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, only);
        system.process(pid)?.cgroup_limits()
    });
    [of_container, own].into_iter().flatten().fold(machine, |least, limits| least.min(limits.total_memory))
});

/// Caches of a node in a process of its own, in MiB: an eighth of the memory, 128 at least and 1,024 at most.
pub(crate) fn of_a_node() -> usize {
    share(*MEMORY / 8, 1, 128)
}

/// Caches of each of so many nodes in this process, in MiB: together a quarter of the memory, each 64 at least and 1,024 at most.
pub(crate) fn of_each(nodes: usize) -> usize {
    share(*MEMORY / 4, nodes, 64)
}

fn share(bytes: u64, nodes: usize, least: u64) -> usize {
    (bytes / MIB / (nodes.max(1) as u64)).clamp(least, 1024) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_machine_has_is_shared_within_bounds() {
        let gib = 1024 * MIB;
        assert_eq!(share(6 * gib, 6, 64), 1024);
        assert_eq!(share(2 * gib, 6, 64), 341);
        assert_eq!(share(gib / 4, 24, 64), 64);
        assert_eq!(share(64 * gib, 1, 128), 1024);
        assert_eq!((share(0, 0, 128), share(gib / 2, 1, 128)), (128, 512));
    }

    #[test]
    fn this_machine_has_memory() {
        assert!((128..=1024).contains(&of_a_node()) && (64..=1024).contains(&of_each(6)));
        assert!(*MEMORY > 64 * MIB, "{} bytes", *MEMORY);
    }
}
