//! Compiles `proto/` into the wire types, without a `protoc`.

/// Messages that hold what is secret. Their `Debug` is written by hand, in `src/proto/discreet.rs`.
const SECRET: [&str; 10] = [
    "DecryptResponse",
    "DeriveSharedSecretResponse",
    "EncryptRequest",
    "GenerateDataKeyResponse",
    "GenerateMacRequest",
    "GenerateMacResponse",
    "GenerateRandomResponse",
    "SignRequest",
    "VerifyMacRequest",
    "VerifyRequest",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files = ["alias", "cryptography", "import", "key", "operator", "region", "rotation"];
    let descriptors = protox::Compiler::new(["proto"])?
        .include_imports(true)
        .include_source_info(true)
        .open_files(files.map(|name| format!("keyferry/v1/{name}_service.proto")))?
        .file_descriptor_set();
    let out = std::path::PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), prost::Message::encode_to_vec(&descriptors))?;
    // A map in the order of its names, as the service has it.
    tonic_prost_build::configure()
        .btree_map(".")
        .skip_debug(SECRET.map(|message| format!(".keyferry.v1.{message}")))
        .compile_fds(descriptors)?;
    Ok(())
}
