//! Compiles the .proto files: descriptors by protox, which needs no protoc, and from them the three messages. Services are made by `src/service.rs`, and a
//! test compares them with the descriptors.

use std::{env, error::Error, fs, path::Path};

const FILES: [&str; 4] = [
    "chancery/doors/v1/call.proto",
    "chancery/doors/v1/entity.proto",
    "chancery/doors/v1/inner.proto",
    "chancery/doors/v1/outer.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(true).open_files(FILES)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("doors.binpb"), compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        .build_client(false)
        .build_server(false)
        .build_transport(false)
        .bytes(".")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
