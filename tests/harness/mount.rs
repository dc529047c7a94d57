//! File systems that are mounted for a test, where that is permitted; gone when it ends.

use std::path::{Path, PathBuf};
use std::process::Command;

pub struct Mount(PathBuf);

impl Mount {
    /// An empty disk of so many megabytes on this folder; `None` where it may not be mounted.
    pub fn small(on: &Path, megabytes: u32) -> Option<Self> {
        Self::by(on, Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"]).arg(on))
    }

    /// The folder itself, to be read only; `None` where that may not be done.
    pub fn read_only(folder: &Path) -> Option<Self> {
        let mount = Self::by(folder, Command::new("mount").arg("--bind").arg(folder).arg(folder))?;
        let done = Command::new("mount").args(["-o", "remount,bind,ro"]).arg(folder).status();
        done.is_ok_and(|status| status.success()).then_some(mount)
    }

    fn by(on: &Path, command: &mut Command) -> Option<Self> {
        command.output().is_ok_and(|output| output.status.success()).then(|| Self(on.to_owned()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: who has files open there keeps them until they close them.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
