//! Known ciphertexts for one key, with what a token shows of it.
//!
//! All but the standard's example were made by gmalg 1.1.2 (a library in plain Python, with curve arithmetic and SM3 of its own), which was
//! given the number k that is otherwise random: the least of 2, 3, 4 … that led to what the vector is to show, and 1 and n − 1 for the base
//! point and its negative. Its arithmetic also gave x of the key times C1, and times C1 + G or, for the last, C1 − G.

/// The key of GB/T 32918.5-2017 annex C.3.
pub(super) const KEY: &str = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";

/// A ciphertext in hexadecimal, and what it is the ciphertext of.
pub(super) struct Vector {
    pub(super) what: &'static str,
    pub(super) c1: &'static str,
    pub(super) c3: &'static str,
    pub(super) c2: &'static str,
    /// x of the key times C1.
    pub(super) x: &'static str,
    /// x of the key times the point beside it.
    pub(super) x_beside: &'static str,
    pub(super) plain: &'static [u8],
}

/// The example of GB/T 32918.5-2017 annex C.3, as it is printed, but for the second product, which gmalg made.
pub(super) const STANDARD: Vector = Vector {
    what: "the standard's example",
    c1: "0404ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73\
         e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0",
    c3: "59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766",
    c2: "21886ca989ca9c7d58087307ca93092d651efa",
    x: "335e18d751e51f040e27d468138b7ab1dc86ad7f981d7d416222fd6ab3ed230d",
    x_beside: "51962ba6c85a0f812fb0846042e41d5bbf98d46f674305dfcdc3aa5ea5797b7d",
    plain: b"encryption standard",
};

/// What is opened.
pub(super) const OPENED: &[Vector] = &[
    Vector {
        what: "y of the shared point is even",
        c1: "04c239507105c683242a81052ff641ed69009a084ad5cc937db21646cd34a0ced5\
             b1bf7ec4080f3c8735f1294ac0db19686bee2e96ab8c71fb7a253666cb66e009",
        c3: "f86996e06e32a8348d01aed157efb6d391bb0f1f7a2fe18f0836d242e9cf8406",
        c2: "a64b04509386dd3d2eb0b562fcfb66edc1eed9b7e0b2878b50e8cbe8e98dcdc9159049d63240f3c86cd03b2cbf966563b370a7c6",
        x: "3fedd3e330f58b384a326c66c394f7035ff1fce92ab5ed7d251b379e7567d87c",
        x_beside: "3151a34be202e94090314d2d6dd57763309e0cbd46b0e5131e24f54a93b75df0",
        plain: b"longer than one block of the key derivation function",
    },
    Vector {
        what: "y of the shared point is odd",
        c1: "0456cefd60d7c87c000d58ef57fa73ba4d9c0dfa08c08a7331495c2e1da3f2bd52\
             31b7e7e6cc8189f668535ce0f8eaf1bd6de84c182f6c8e716f780d3a970a23c3",
        c3: "e1a0a550dfb9eb643d87fe8feb8a0ef1a2d4689105ccd43329441f493048c1a3",
        c2: "f39e7d1c48ceb5a4c0127a98ce2a79d14bf1e26a13c1006ab2e3aa16c52799ac4bdc43c548d52c8ed629fac6aac7c2a80e3006c9",
        x: "63ceed557b9e861ea36f9ea27f550c1d58855a331c8ddd3c2c8e898325b749ee",
        x_beside: "0c5821148b4035c5cc8e94917d21a1ff1d778e364c1926a4acab8470f8f51d08",
        plain: b"longer than one block of the key derivation function",
    },
    Vector {
        what: "x of the ciphertext's point begins with a zero",
        c1: "0400d062045840b1f4b0a64d6e6c5bc582079fc0af8c366eba632b35f5e217385b\
             5032f04533c064a41a7616cbb528b168c79a247d46f1c3667e1a2f5921aca9a4",
        c3: "6fa122ca96327e7289e60c90630c6359129f0c2128107684c04f8734e52e423b",
        c2: "9aba57b054371de1703e3701d63ebe642bc7d6",
        x: "d8f7dad67722787664181bf33c0024a591f740dd41f204a4dbe6e2793fbcdae9",
        x_beside: "9aba655cf20452889fa8b06911baf68697d591df4bf8d73190a810bc7233dcaf",
        plain: b"encryption standard",
    },
    Vector {
        what: "y of the ciphertext's point begins with a zero",
        c1: "043b3de05121ff3a36d9dcd23ac5c15de8d757ae92795b15410e1ecd9e46466a47\
             007b8326ebd1926d5ab4cccacefee53ad6106c43e6eb5c91a11606102e19c39b",
        c3: "5ee7de50f7f9ba31f274b01ba15c4873135991e180953b7259869dfd1c4c4445",
        c2: "dba2b45c3e743d000ac50cc21126f9e015fe45",
        x: "9b005d35207c42f5ac4a04910760353bdbc6e5cf04fe3b6285cbddaa08f65b38",
        x_beside: "a839a276562658a06e335a07abf530ada5bcf6a32494a3d692c8494e1cf99d24",
        plain: b"encryption standard",
    },
    Vector {
        what: "x of the shared point begins with a zero",
        c1: "04b7cdbc7b4156fde44421d0c0c7631a72401b1e0887941f0022f23b1804c21205\
             fb4a042f53e53e9694516d4d06878320bc70fa9f2217866561fce30f2abd51d0",
        c3: "cfeee641a21d722228076b56e037fa1d9ef1ee7ef9c93dd16d8a95af6c459f04",
        c2: "1dfe6e1231faf15a97f22e555b918ee01a2f42",
        x: "003e241dbccc065d29960ea5460f9acbe16260afc6da852c8b45ee9eca92ce43",
        x_beside: "74306870e937a12f43461e654a3b72b8d474155b0bbbcb85f3ead143fd824b32",
        plain: b"encryption standard",
    },
    Vector {
        what: "y of the shared point begins with a zero",
        c1: "04c8d42a0c79fad915608a4237ed504f9346317da1f83404e6035ac5f65dea50b7\
             bf9c57f9f7d24964c8e80dfe2ac387a8216e87c729f765a355a418d3bb620010",
        c3: "f85d749a1ad3183b99dbab4e25af0ba771fc004cae86590e6806333320c1c2b3",
        c2: "6e471bdccec4f3eb7cdff2d6f4b69b95da7045",
        x: "149560669dd6adeacc4bbea15b35753031e9a1737070f9ed9fe6dc96b2d3cd32",
        x_beside: "10839d2c2fb89dc3326e14cfc0f93401f3eb45cc8a0057e15458949f413ebf9e",
        plain: b"encryption standard",
    },
    Vector {
        what: "the ciphertext's point is the base point",
        c1: "0432c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7\
             bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0",
        c3: "2fa79e670a4f73b055b52de29581248d5085d79904d39d897add52666f1e686d",
        c2: "89dbf226b72b6a6eefb087cd22eb865995b23e",
        x: "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020",
        x_beside: "63ceed557b9e861ea36f9ea27f550c1d58855a331c8ddd3c2c8e898325b749ee",
        plain: b"encryption standard",
    },
    Vector {
        what: "the ciphertext's point is the negative of the base point",
        c1: "0432c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7\
             43c8c95c0b098863a642311c9496deac2f56788239d5b8c0fd20cd1adec60f5f",
        c3: "d70c1a8c73daca8b4fab74c9a283621a759de647ef352d47a5433a4f35d54faa",
        c2: "7e2d2adeeeea8722a6c0f644e4baa92de194d5",
        x: "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020",
        x_beside: "63ceed557b9e861ea36f9ea27f550c1d58855a331c8ddd3c2c8e898325b749ee",
        plain: b"encryption standard",
    },
];

/// One byte under a key derivation function whose first byte is zero: what GB/T 32918.4 §6.1 A5 does not let out, and §7.1 B4 not in.
pub(super) const KDF_OF_ZEROS: Vector = Vector {
    what: "the mask is zero",
    c1: "0417a8dbf0e9d5ce427a04c8800bef14de5e22e24c5cee027d8f71fe0bf8a909b1\
         0bc9ed977244bf069fa0e9163a353597134cf54a2747957945678515b49265e8",
    c3: "e535be33d5c94ac891d09fcf2aa5ccc88e6976b1af07aff25112643e45f08740",
    c2: "6d",
    x: "a919a2ca8224087f9d34acb7dc9f5f8596bb62b360e382638a40c9e14d6d6233",
    x_beside: "a5d6608445a67589ff74fb8b05dfefb448069721a7a9fc47e3ed8ac2b0f837d7",
    plain: b"m",
};
