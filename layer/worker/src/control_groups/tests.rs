//! Groups in folders that look as the kernel shows them; the kernel's own are tried by `tests/end_to_end/control_groups.rs`
//! where there are any.

use super::*;

/// `/proc/PID/cgroup` of a system with version 1, and of one with both.
const ONE: &str = "9:name=systemd:/\n4:memory:/jobs/7\n3:cpu,cpuacct:/jobs/7\n0::/\n";
const TWO: &str = "0::/system.slice/vision.service\n";

fn mount(root: &str, point: &str, kind: &str, options: &str) -> String {
    format!("36 25 0:31 {root} {point} rw,nosuid - {kind} {kind} {options}\n")
}

#[test]
fn the_group_of_a_process_is_found_in_either_version_and_under_any_root() {
    let place = |version, folder: &str| Ok(Place { version, folder: folder.into() });
    let one = mount("/", "/sys/fs/cgroup/memory", "cgroup", "rw,memory");
    let cpu = mount("/", "/sys/fs/cgroup/cpu", "cgroup", "rw,cpu");
    let two = mount("/", "/sys/fs/cgroup", "cgroup2", "rw,nsdelegate");
    assert_eq!(
        Place::find(ONE, &format!("{cpu}{two}{one}")),
        place(Version::One, "/sys/fs/cgroup/memory/jobs/7")
    );
    assert_eq!(Place::find(TWO, &two), place(Version::Two, "/sys/fs/cgroup/system.slice/vision.service"));
    // In a container, the mount shows the container's own group, or the path starts there.
    let inside = mount("/jobs/7", "/sys/fs/cgroup/memory", "cgroup", "ro,memory");
    assert_eq!(Place::find(ONE, &inside), place(Version::One, "/sys/fs/cgroup/memory"));
    assert_eq!(Place::find("0::/\n", &two), place(Version::Two, "/sys/fs/cgroup"));
}

#[test]
fn a_group_that_is_not_there_or_not_to_be_seen_is_said() {
    let two = mount("/", "/sys/fs/cgroup", "cgroup2", "rw");
    let found = |groups: &str, mounts: &str| Place::find(groups, mounts).unwrap_err();
    assert_eq!(found("", &two), "this system has no control groups for memory");
    assert_eq!(found("4:cpu:/\n", &two), "this system has no control groups for memory");
    assert_eq!(found(ONE, &two), "the control group /jobs/7 is not mounted");
    assert_eq!(
        found(TWO, &mount("/other", "/x", "cgroup2", "rw")),
        "the control group /system.slice/vision.service is not mounted"
    );
    assert_eq!(found("0::/../a\n", &two), "the control group /../a is not mounted");
}

/// A group with these files, as a folder.
struct Tree {
    folder: tempfile::TempDir,
    place: Place,
}

impl Tree {
    fn new(version: Version, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let place = Place { version, folder: folder.path().to_owned() };
        Self { folder, place }
    }

    fn groups(&self) -> Result<ControlGroups, NoGroups> {
        ControlGroups::at(&self.place, 70, &[71], |process| ["70", "60"].contains(&process))
    }

    /// The name of the folder that a front gets.
    fn own_name(&self) -> String {
        self.groups().unwrap().folder().file_name().unwrap().to_str().unwrap().to_owned()
    }

    /// Why it gets none, where the system has none to give.
    fn not_given(&self) -> String {
        match self.groups() {
            Err(NoGroups::NotGiven(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    fn names(&self) -> Vec<String> {
        folders_in(self.folder.path()).map(|(name, _)| name).collect()
    }
}

fn text(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn in_version_1_a_worker_gets_a_group_with_a_limit_on_memory_and_swap() {
    let tree = Tree::new(Version::One, &[("memory.use_hierarchy", "1\n")]);
    let groups = tree.groups().unwrap();
    let worker = groups.folder().join("80");
    // The kernel makes a group's files with it.
    fs::create_dir(&worker).unwrap();
    fs::write(worker.join("memory.memsw.limit_in_bytes"), "9223372036854771712\n").unwrap();
    fs::write(worker.join("memory.oom_control"), "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n").unwrap();
    let group = groups.enter(80, 64 << 20).unwrap();
    assert_eq!(text(&worker, "memory.limit_in_bytes"), "67108864");
    assert_eq!(text(&worker, "memory.memsw.limit_in_bytes"), "67108864");
    assert_eq!(text(&worker, "cgroup.procs"), "80");
    assert!(!group.has_struck());
    fs::write(worker.join("memory.oom_control"), "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n").unwrap();
    assert!(group.has_struck());
}

#[test]
fn a_parent_of_version_1_whose_limit_would_not_hold_below_it_is_not_used() {
    let tree = Tree::new(Version::One, &[("memory.use_hierarchy", "0\n")]);
    assert!(tree.not_given().starts_with("memory.use_hierarchy is off in "));
    assert!(tree.names().is_empty());
}

#[test]
fn in_version_2_a_front_that_is_alone_goes_into_a_group_of_its_own_first() {
    let tree = Tree::new(
        Version::Two,
        &[
            ("cgroup.controllers", "cpu memory pids\n"),
            ("cgroup.subtree_control", "\n"),
            ("cgroup.procs", "70\n71\n"),
        ],
    );
    let groups = tree.groups().unwrap();
    // The nursery is moved last.
    assert_eq!(text(&groups.folder().join(OWN_GROUP), "cgroup.procs"), "71");
    assert_eq!(text(tree.folder.path(), "cgroup.subtree_control"), "+memory");
    assert_eq!(text(groups.folder(), "cgroup.subtree_control"), "+memory");
    let worker = groups.folder().join("80");
    fs::create_dir(&worker).unwrap();
    fs::write(worker.join("memory.swap.max"), "max\n").unwrap();
    fs::write(worker.join("memory.events"), "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\noom_group_kill 1\n")
        .unwrap();
    let group = groups.enter(80, 64 << 20).unwrap();
    for (file, expected) in [
        ("memory.max", "67108864"),
        ("memory.swap.max", "0"),
        ("memory.oom.group", "1"),
        ("cgroup.procs", "80"),
    ] {
        assert_eq!(text(&worker, file), expected, "{file}");
    }
    assert!(group.has_struck());
    fs::write(worker.join("memory.events"), "max 9\noom 1\noom_kill 0\noom_group_kill 0\n").unwrap();
    assert!(!group.has_struck(), "at the limit, but nothing was ended");
}

#[test]
fn in_version_2_nobody_is_moved_where_groups_have_memory_limits_already() {
    let tree = Tree::new(
        Version::Two,
        &[
            ("cgroup.controllers", "memory"),
            ("cgroup.subtree_control", "cpu memory\n"),
            ("cgroup.procs", "1\n70\n71\n"),
        ],
    );
    let groups = tree.groups().unwrap();
    assert!(!groups.folder().join(OWN_GROUP).exists());
    assert_eq!(text(groups.folder(), "cgroup.subtree_control"), "+memory");
    assert_eq!(text(tree.folder.path(), "cgroup.procs"), "1\n70\n71\n");
}

#[test]
fn in_version_2_a_group_with_other_processes_or_without_the_controller_stays_as_it_is() {
    let shared = Tree::new(
        Version::Two,
        &[
            ("cgroup.controllers", "memory"),
            ("cgroup.subtree_control", ""),
            ("cgroup.procs", "1\n70\n71\n2\n"),
        ],
    );
    assert!(shared.not_given().starts_with("2 other processes are in "));
    assert_eq!(text(shared.folder.path(), "cgroup.procs"), "1\n70\n71\n2\n");
    let without = Tree::new(Version::Two, &[("cgroup.controllers", "cpu pids memory_like\n")]);
    assert!(without.not_given().ends_with(" has no memory controller"));
    assert!(shared.names().is_empty() && without.names().is_empty());
}

#[test]
fn what_fronts_left_that_are_gone_is_removed_and_nothing_else() {
    let tree = Tree::new(Version::One, &[]);
    let others = [
        "vision-x",
        "vision-5",
        "vision-5-",
        "vision-5-x",
        "vision--1",
        "wasm-vision-5-0",
        "7",
        "vision-60-0",
    ];
    for name in others.iter().copied().chain(["vision-5-0/80", "vision-5-1/front", "vision-6-0"]) {
        fs::create_dir_all(tree.folder.path().join(name)).unwrap();
    }
    fs::create_dir_all(tree.folder.path().join("vision-8-0/90/a-process-as-it-were")).unwrap();
    assert_eq!(tree.own_name(), "vision-70-0");
    let mut expected: Vec<&str> = others.iter().copied().chain(["vision-8-0", "vision-70-0"]).collect();
    expected.sort_unstable();
    let mut found = tree.names();
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn what_a_front_with_the_same_number_left_is_in_nobodys_way() {
    // In a container every front may be process 1.
    let tree = Tree::new(Version::One, &[]);
    fs::create_dir_all(tree.folder.path().join("vision-70-0/80")).unwrap();
    fs::create_dir_all(tree.folder.path().join("vision-70-5")).unwrap();
    assert_eq!(tree.own_name(), "vision-70-0");
    assert_eq!(tree.names(), ["vision-70-0"], "what is empty is removed");
    assert!(!tree.folder.path().join("vision-70-0/80").exists());
    // The folders that this process has made are its own, also while they are empty.
    assert_eq!(tree.own_name(), "vision-70-1");
    // In another container there may be a front with the same number, whose groups have processes.
    fs::create_dir_all(tree.folder.path().join("vision-70-2/90/a-process-as-it-were")).unwrap();
    fs::write(tree.folder.path().join("vision-70-3"), "no folder at all").unwrap();
    assert_eq!(tree.own_name(), "vision-70-4");
    assert!(tree.folder.path().join("vision-70-2/90/a-process-as-it-were").exists());
}

#[test]
fn what_should_work_and_fails_is_told_apart_from_what_is_not_given() {
    let gone = Tree::new(Version::One, &[]);
    fs::remove_dir(gone.folder.path()).unwrap();
    assert!(matches!(gone.groups(), Err(NoGroups::Failed(_))));
    let full = Tree::new(Version::One, &[]);
    for number in 0..MAX_NUMBERS {
        fs::write(full.folder.path().join(format!("vision-70-{number}")), "").unwrap();
    }
    assert!(
        matches!(full.groups(), Err(NoGroups::Failed(reason)) if reason.contains("1000 groups vision-70-"))
    );
    // Version 2, whose files can't be written.
    let locked = Tree::new(Version::Two, &[("cgroup.controllers", "memory"), ("cgroup.procs", "70\n71\n")]);
    fs::create_dir(locked.folder.path().join("cgroup.subtree_control")).unwrap();
    assert!(matches!(locked.groups(), Err(NoGroups::Failed(_))));
}

#[test]
fn groups_go_with_their_workers_and_what_is_left_goes_with_the_front() {
    let tree = Tree::new(Version::One, &[]);
    let groups = tree.groups().unwrap();
    let folder = groups.folder().to_owned();
    // A folder of a test's keeps the files that are written in it, as a group keeps its process.
    drop(groups.enter(80, 1).unwrap());
    assert!(folder.join("80").exists());
    fs::remove_file(folder.join("80/memory.limit_in_bytes")).unwrap();
    fs::remove_file(folder.join("80/cgroup.procs")).unwrap();
    let _group = groups.enter(81, 1).unwrap();
    assert!(!folder.join("80").exists(), "it is tried again");
    for file in ["memory.limit_in_bytes", "cgroup.procs"] {
        fs::remove_file(folder.join("81").join(file)).unwrap();
    }
    fs::create_dir(folder.join("82")).unwrap();
    remove(&folder, &[81, 82, 83]);
    assert!(!folder.exists());
}
