//! Where unwrapping happens, and what of it the host may see.

crate::named! {
    /// What is plain in the host's memory while material is unwrapped, least first.
    pub enum HostExposure {
        /// Nothing.
        Token = "TOKEN",
        /// The ephemeral AES key of the hybrid.
        HostKek = "HOST_KEK",
        /// The key material.
        HostMaterial = "HOST_MATERIAL",
    }
}

crate::named! {
    /// The most that the host may see: the setting `hsm.host_assisted`.
    pub enum HostAssisted {
        /// Nothing.
        None = "none",
        /// The ephemeral AES key of the hybrid.
        Kek = "kek",
        /// The key material.
        Material = "material",
    }
}

impl HostAssisted {
    /// Whether a path with this exposure may be used.
    pub fn permits(self, exposure: HostExposure) -> bool {
        match exposure {
            HostExposure::Token => true,
            HostExposure::HostKek => self >= Self::Kek,
            HostExposure::HostMaterial => self >= Self::Material,
        }
    }
}

crate::named! {
    /// How material comes out of its wrapping and into the token.
    pub enum UnwrapPath {
        /// RSA-OAEP in the token, straight to the material (PKCS#11 C_UnwrapKey).
        Direct = "direct",
        /// RSA-OAEP in the token to a session AES key, then RFC 5649 in the token.
        TwoStep = "two-step",
        /// Raw RSA in the token, OAEP on the host to the AES key, then RFC 5649 in the token.
        HostKek = "host-kek",
        /// Raw RSA in the token, OAEP on the host to the material, then C_CreateObject.
        HostMaterial = "host-material",
        /// ECDH in the token, the rest of SM2's decryption on the host to the material, then C_CreateObject.
        HostSm2 = "host-sm2",
    }
}

impl UnwrapPath {
    /// What the host sees on this path.
    pub fn exposure(self) -> HostExposure {
        match self {
            Self::Direct | Self::TwoStep => HostExposure::Token,
            Self::HostKek => HostExposure::HostKek,
            Self::HostMaterial | Self::HostSm2 => HostExposure::HostMaterial,
        }
    }

    /// What the wrapping key pair of this path must be made for.
    pub fn pair_use(self) -> super::PairUse {
        match self {
            Self::Direct | Self::TwoStep => super::PairUse::Unwrap,
            Self::HostKek | Self::HostMaterial => super::PairUse::RawDecrypt,
            Self::HostSm2 => super::PairUse::Derive,
        }
    }
}
