use super::*;

/// Gives out one byte less than asked for, and every other time only an interruption.
struct Drip<'a>(&'a [u8], bool);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(ErrorKind::Interrupted.into());
        }
        let count = self.0.len().min(buffer.len() / 2 + 1);
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

#[test]
fn what_is_read_is_what_was_there_up_to_the_limit() {
    let page = region::page::size();
    for length in [0, 1, 32, page - 1, page, page + 1, 5 * page + 3] {
        let bytes: Vec<u8> = (0..length).map(|number| number as u8).collect();
        assert_eq!(&*Locked::read(Drip(&bytes, false), length).unwrap(), bytes, "{length}");
        assert_eq!(&*Locked::from(bytes.as_slice()), bytes, "{length}");
        if length > 0 {
            let error = Locked::read(Drip(&bytes, false), length - 1).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::FileTooLarge);
            assert_eq!(error.to_string(), format!("more than {} bytes", length - 1));
        }
    }
}

#[test]
fn every_secret_has_pages_of_its_own() {
    let page = region::page::size();
    let all: Vec<Locked> = (0..8).map(|_| Locked::from(b"secret".as_slice())).collect();
    let mut pages: Vec<usize> = all.iter().map(|locked| locked.as_ptr() as usize).collect();
    pages.sort_unstable();
    assert!(pages.iter().all(|address| address.is_multiple_of(page)));
    assert!(pages.windows(2).all(|pair| pair[1] - pair[0] >= page));
    for locked in &all {
        assert!(locked.start + page <= locked.allocation.len(), "the whole page is inside the allocation");
    }
}

/// `VmLck` of this process, in KiB (proc(5)).
fn locked_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmLck:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[allow(clippy::print_stderr)]
fn memory_is_locked_while_the_secret_lives() {
    // Large beside what other tests of this process may lock at the same time.
    let length = 32 * region::page::size();
    let secret = Locked::zeroed(length);
    if !secret.is_locked() {
        eprintln!("skipped: this system locks no memory of this size for its users");
        return;
    }
    assert!(locked_kib() >= length as u64 / 1024);
    drop(secret);
    assert!(locked_kib() < length as u64 / 1024);
}

#[test]
fn what_is_given_up_is_wiped_and_nothing_is_printed() {
    let mut secret = Locked::from(b"secret".as_slice());
    secret.truncate(2);
    assert_eq!(&*secret, b"se");
    assert_eq!(secret.allocation[secret.start + 2..], vec![0; secret.allocation.len() - secret.start - 2]);
    assert_eq!(format!("{secret:?}"), "Locked(redacted)");
}
