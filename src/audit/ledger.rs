//! The file that is written: lines go behind its end, and what fails leaves it as it was.
//!
//! What is accepted and not yet on the disk stays in memory: after a sync that fails, the system may have dropped it, and says so
//! only once. Room ahead is allocated, so that a disk is found to be full before something is done that could not be recorded.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use uuid::Uuid;

use super::bodies::{self, Because, Opened};
use super::files;
use super::line::{Body, Chain, Kind, MAX_LINE};
use super::log::PLACES;
use crate::model::InstallationId;

/// The room that is kept ahead: for every place, and for what the log writes of itself.
pub(super) const ROOM: u64 = ((PLACES + 8) * MAX_LINE) as u64;
/// What is allocated beyond, so that it is not done for every line.
const CHUNK: u64 = 1 << 20;

/// A log's file.
pub(super) struct Ledger {
    pub(super) path: PathBuf,
    pub(super) chain: Chain,
    pub(super) log: Uuid,
    pub(super) installation: InstallationId,
    /// The sequence number of the first line in it.
    pub(super) first: u64,
    pub(super) file: File,
    /// How much of it is on the disk for certain.
    pub(super) synced: u64,
    /// The lines behind that.
    pub(super) tail: Vec<u8>,
    /// Up to where room is allocated.
    pub(super) reserved: u64,
    /// The lock, held as long as the file is open.
    pub(super) _held: File,
}

impl Ledger {
    /// How long it is.
    pub(super) fn length(&self) -> u64 {
        self.synced + self.tail.len() as u64
    }

    /// Allocates room ahead where there is less than [`ROOM`]. Where the file system knows no such thing, there is none.
    pub(super) fn reserve(&mut self) -> io::Result<()> {
        let wanted = self.length() + ROOM;
        if self.reserved < wanted {
            allocate(&self.file, self.length(), ROOM + CHUNK)?;
            self.reserved = wanted + CHUNK;
        }
        Ok(())
    }

    /// Writes lines after which the chain stands at `chain`, and sees to it that they are on the disk where that is wanted.
    pub(super) fn append(&mut self, lines: &[u8], chain: Chain, durable: bool) -> io::Result<()> {
        let written = self.is_in_place().and_then(|()| self.file.write_all_at(lines, self.length()));
        let written = written.and_then(|()| if durable { self.file.sync_data() } else { Ok(()) });
        if let Err(error) = written {
            // Where this fails too, the next start cuts off what is unfinished, and the next attempt writes over it.
            let _left = self.file.set_len(self.length());
            self.reserved = 0;
            return Err(error);
        }
        self.accept(lines, chain, durable);
        Ok(())
    }

    /// Brings what was accepted before onto the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.accept(&[], self.chain, true);
        Ok(())
    }

    /// Writes again what may have been lost, and `lines` behind it.
    pub(super) fn resume(&mut self, lines: &[u8], chain: Chain) -> io::Result<()> {
        self.is_in_place()?;
        self.reserve()?;
        let all = [&self.tail, lines].concat();
        let end = self.synced + all.len() as u64;
        let written = self.file.write_all_at(&all, self.synced).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            let _left = self.file.set_len(self.length());
            self.reserved = 0;
            return Err(error);
        }
        // A longer line may have been left there; only now is it of no use.
        if self.file.metadata()?.len() > end {
            self.file.set_len(end)?;
            self.reserved = 0;
        }
        self.accept(lines, chain, true);
        Ok(())
    }

    /// Goes on in a new file, which becomes visible only when it has its first line. Returns that line.
    pub(super) fn rotate(&mut self) -> io::Result<(Vec<u8>, Chain)> {
        self.sync()?;
        let (new, old) = (files::beside(&self.path, ".new"), files::old(&self.path, self.first));
        if old.exists() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{} is there already", old.display())));
        }
        remove(&new)?;
        let file = files::open(&new)?;
        let (mut chain, mut line) = (self.chain, Vec::new());
        chain.append(&self.opened(Because::Rotation, 0), &mut line);
        let begun = allocate(&file, 0, ROOM + CHUNK)
            .and_then(|()| file.write_all_at(&line, 0))
            .and_then(|()| file.sync_all())
            .and_then(|()| std::fs::rename(&self.path, &old));
        begun.inspect_err(|_| drop(remove(&new)))?;
        if let Err(error) = std::fs::rename(&new, &self.path) {
            let _put_back = std::fs::rename(&old, &self.path);
            let _left = remove(&new);
            return Err(error);
        }
        let before = std::mem::replace(&mut self.file, file);
        // The room that it does not need any more.
        let _kept = before.set_len(self.synced);
        (self.first, self.synced, self.reserved) = (self.chain.next, 0, ROOM + CHUNK);
        self.accept(&line, chain, true);
        files::sync_folder(&self.path)?;
        Ok((line, chain))
    }

    /// Gives back the room that is allocated ahead.
    pub(super) fn close(&mut self) {
        let length = self.length();
        if let Err(error) = self.sync().and_then(|()| self.file.set_len(length)) {
            tracing::warn!(%error, "the end of the audit log may not be on the disk");
        }
    }

    pub(super) fn opened(&self, because: Because, cut: u64) -> Body {
        bodies::body(Kind::Opened, &Opened::new(because, self.log, self.installation, cut))
    }

    fn accept(&mut self, lines: &[u8], chain: Chain, durable: bool) {
        self.tail.extend_from_slice(lines);
        self.chain = chain;
        if durable {
            self.synced = self.length();
            self.tail.clear();
        }
    }

    /// Whether the file is still where it was: lines for a file that nobody can find are lost.
    fn is_in_place(&self) -> io::Result<()> {
        let (held, there) = (self.file.metadata()?, self.path.metadata());
        match there {
            Ok(there) if (there.dev(), there.ino()) == (held.dev(), held.ino()) => Ok(()),
            Ok(_) => Err(io::Error::other("another file is in its place: put the log back, or start again")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(io::Error::other("the file was moved or removed: put it back, or start again"))
            }
            Err(error) => Err(error),
        }
    }
}

/// Allocates room behind the end of a file, which stays as long as it is.
fn allocate(file: &File, from: u64, length: u64) -> io::Result<()> {
    match fallocate(file, FallocateFlags::KEEP_SIZE, from, length) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &std::path::Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
