//! Random bytes from the token's own generator.

use zeroize::Zeroizing;

use super::{Error, Token};

impl Token {
    /// So many random bytes (C_GenerateRandom).
    ///
    /// # Errors
    /// Where the token gives none; [`Error::Lacks`] where it has no generator.
    pub fn random(&self, bytes: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut random = Zeroizing::new(vec![0; bytes]);
        self.fill_random(&mut random)?;
        Ok(random)
    }

    pub(super) fn fill_random(&self, bytes: &mut [u8]) -> Result<(), Error> {
        let filled = self.session.generate_random_slice(bytes).map_err(Error::from);
        filled.map_err(|error| error.of_mechanism("C_GenerateRandom"))?;
        // One in 2^96 at the least: a generator that fills nothing and says that all is well is the likelier cause.
        if bytes.len() >= 12 && bytes.iter().all(|byte| *byte == 0) {
            return Err(Error::Misbehaved("its random bytes are all zero".to_owned()));
        }
        Ok(())
    }
}
