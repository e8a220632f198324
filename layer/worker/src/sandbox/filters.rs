//! What the filters of all processes share.

use std::collections::BTreeMap;

use seccompiler::{BackendError, BpfProgram, SeccompAction, SeccompFilter, TargetArch};

/// The C library goes back to clone where clone3 is not there.
pub(super) fn no_clone3() -> Result<BpfProgram, BackendError> {
    let rules = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let not_there = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
    SeccompFilter::new(rules, SeccompAction::Allow, not_there, architecture()?)?.try_into()
}

/// This machine's, as filters name it.
pub(super) fn architecture() -> Result<TargetArch, BackendError> {
    std::env::consts::ARCH.try_into()
}
