//! The lines of several files, one after another.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use super::super::line::{Line, MAX_LINE};
use super::fault::{Fault, Wrong};

/// Where a line stands.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    file: PathBuf,
    pub(super) line: u64,
}

impl Spot {
    pub(super) fn fault(&self, wrong: Wrong) -> Fault {
        Fault::Line { file: self.file.clone(), line: self.line, wrong }
    }
}

/// A line, without its end.
pub(super) struct Read {
    pub(super) bytes: Vec<u8>,
    pub(super) spot: Spot,
    /// Whether it has an end.
    pub(super) is_whole: bool,
}

pub(super) struct Lines {
    /// What is still to be read, in order.
    files: VecDeque<PathBuf>,
    count: u64,
    open: Option<BufReader<File>>,
    spot: Spot,
}

impl Lines {
    /// Puts the files into the order of their first lines.
    pub(super) fn open(files: &[PathBuf]) -> Result<Self, Fault> {
        let mut begins = Vec::new();
        for file in files {
            let mut reader = open(file)?;
            let (bytes, is_whole) = read(&mut reader).map_err(|source| Fault::File { file: file.clone(), source })?;
            let spot = Spot { file: file.clone(), line: 1 };
            let first = Line::parse(&bytes).filter(|_| is_whole).ok_or_else(|| spot.fault(Wrong::Malformed))?;
            begins.push((first.sequence, file.clone()));
        }
        begins.sort_unstable();
        let files: VecDeque<PathBuf> = begins.into_iter().map(|(_, file)| file).collect();
        let file = files.front().cloned().ok_or(Fault::Nothing)?;
        Ok(Self { count: files.len() as u64, files, open: None, spot: Spot { file, line: 0 } })
    }

    pub(super) fn next(&mut self) -> Result<Option<Read>, Fault> {
        loop {
            let reader = match &mut self.open {
                Some(reader) => reader,
                None => {
                    let Some(file) = self.files.pop_front() else { return Ok(None) };
                    let reader = open(&file)?;
                    self.spot = Spot { file, line: 0 };
                    self.open.insert(reader)
                }
            };
            let read = read(reader);
            let (bytes, is_whole) = read.map_err(|source| Fault::File { file: self.spot.file.clone(), source })?;
            if bytes.is_empty() && !is_whole {
                self.open = None;
                continue;
            }
            self.spot.line += 1;
            return Ok(Some(Read { bytes, spot: self.spot.clone(), is_whole }));
        }
    }

    /// Whether no file follows.
    pub(super) fn is_at_end(&self) -> bool {
        self.files.is_empty()
    }

    pub(super) fn files(&self) -> u64 {
        self.count
    }

    pub(super) fn empty(&self) -> Fault {
        self.spot.fault(Wrong::Malformed)
    }
}

fn open(file: &Path) -> Result<BufReader<File>, Fault> {
    File::open(file).map(BufReader::new).map_err(|source| Fault::File { file: file.to_owned(), source })
}

/// A line without its end, no longer than lines may be, and whether it has one.
fn read(reader: &mut BufReader<File>) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    reader.take(MAX_LINE as u64).read_until(b'\n', &mut bytes)?;
    let is_whole = bytes.pop_if(|byte| *byte == b'\n').is_some();
    Ok((bytes, is_whole))
}
