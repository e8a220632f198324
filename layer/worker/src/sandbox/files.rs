//! Files, by landlock: <https://docs.kernel.org/userspace-api/landlock.html>.

use std::path::PathBuf;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, LandlockStatus, RestrictionStatus, Ruleset,
    RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use super::needs::{Needs, Network};

/// The newest version whose rights are asked for; older kernels give what they have.
const RIGHTS: ABI = ABI::V6;

/// What LiteRT reads to choose its kernels, and where its messages go.
const ALWAYS_READ: [&str; 4] = ["/proc/cpuinfo", "/sys/devices/system/cpu", "/dev/null", "/dev/urandom"];
/// Where messages of LiteRT go.
const ALWAYS_WRITTEN: [&str; 1] = ["/dev/null"];
/// What the C library reads to find the address of a name (nsswitch.conf(5), resolver(5), gai.conf(5)).
const READ_FOR_NAMES: [&str; 5] =
    ["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf"];

/// Confines the calling thread; says how far, or why not.
pub(super) fn confine(needs: &Needs) -> Result<String, String> {
    let status = restrict(needs).map_err(|error| error.to_string())?;
    match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, LandlockStatus::NotEnabled) => {
            Err("this kernel has landlock, but it was not enabled when the machine started".to_owned())
        }
        (RulesetStatus::NotEnforced, _) => {
            Err("this kernel has no landlock (Linux 5.13 and later do)".to_owned())
        }
        (extent, landlock) => Ok(format!("{extent:?} by {landlock:?}")),
    }
}

fn restrict(needs: &Needs) -> Result<RestrictionStatus, RulesetError> {
    let everything = AccessFs::from_all(RIGHTS);
    let mut ruleset = Ruleset::default().handle_access(everything)?.scope(Scope::from_all(RIGHTS))?;
    let forbidden = forbidden_ports(needs.network);
    if !forbidden.is_empty() {
        ruleset = ruleset.handle_access(forbidden)?;
    }
    let names: &[&str] = if needs.network.connect { &READ_FOR_NAMES } else { &[] };
    ruleset
        .create()?
        .add_rules(path_beneath_rules(ALWAYS_READ, AccessFs::from_read(RIGHTS) & !AccessFs::Execute))?
        .add_rules(path_beneath_rules(ALWAYS_WRITTEN, AccessFs::WriteFile))?
        .add_rules(path_beneath_rules(names, AccessFs::ReadFile))?
        .add_rules(path_beneath_rules(&needs.files, AccessFs::ReadFile))?
        .add_rules(path_beneath_rules(&needs.read_folders, AccessFs::ReadFile | AccessFs::ReadDir))?
        .add_rules(path_beneath_rules(&needs.folders, everything & !AccessFs::Execute))?
        .add_rules(path_beneath_rules(&needs.removed_in, AccessFs::RemoveDir))?
        .restrict_self()
}

/// Takes the right to remove folders that are not in these from the calling thread: a worker with folders may make the
/// calls for it, and has the nursery's right to remove control groups.
pub(super) fn remove_only_in(folders: &[PathBuf]) -> Result<RestrictionStatus, RulesetError> {
    let removing = AccessFs::RemoveDir;
    let ruleset = Ruleset::default().handle_access(removing)?.create()?;
    ruleset.add_rules(path_beneath_rules(folders, removing))?.restrict_self()
}

/// Landlock knows TCP ports; it forbids all of a kind or none here, seccomp sees to the rest.
fn forbidden_ports(network: Network) -> BitFlags<AccessNet> {
    let mut forbidden = BitFlags::empty();
    if !network.listen {
        forbidden |= AccessNet::BindTcp;
    }
    if !network.connect {
        forbidden |= AccessNet::ConnectTcp;
    }
    forbidden
}
