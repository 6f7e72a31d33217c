//! Compiles the .proto files: descriptors by protox, which needs no protoc, and from them messages, services and clients.

use std::{env, error::Error, fs, path::Path};

const FILES: [&str; 7] = [
    "chancery/problem/v1/problem.proto",
    "chancery/data/v1/data.proto",
    "chancery/r2d/v1/r2d.proto",
    "chancery/u2s/v1/u2s.proto",
    "chancery/o2c/v1/o2c.proto",
    "chancery/v2m/v1/v2m.proto",
    "chancery/session/v1/session.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(true).open_files(FILES)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("descriptors.binpb"), compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure().build_transport(false).bytes(".").compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
