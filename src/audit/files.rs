//! The files of a log: the one that is written, and the old ones beside it, each named after its first line.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The digits of an old file's name: those of the largest sequence number.
const DIGITS: usize = 20;

/// A name beside the file.
pub(super) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    PathBuf::from(name)
}

/// The name of the old file that begins with this line.
pub(super) fn old(file: &Path, first: u64) -> PathBuf {
    beside(file, &format!(".{first:0DIGITS$}"))
}

/// The old files, the oldest first.
pub(super) fn olds(file: &Path) -> io::Result<Vec<PathBuf>> {
    let begin = file.file_name().map(|name| format!("{}.", name.to_string_lossy())).unwrap_or_default();
    let is_old = |name: &OsString| {
        let digits = name.to_str().and_then(|name| name.strip_prefix(&begin));
        digits.is_some_and(|digits| digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit()))
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder(file))? {
        let name = entry?.file_name();
        if is_old(&name) {
            found.push(folder(file).join(name));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Opens a file to read and write, and makes it where it is missing, for its owner alone.
pub(super) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Makes what was created, renamed or removed beside the file last.
pub(super) fn sync_folder(file: &Path) -> io::Result<()> {
    File::open(folder(file))?.sync_all()
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
