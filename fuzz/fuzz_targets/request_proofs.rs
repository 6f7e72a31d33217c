#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| chancery_decoders::request_proofs::check(data));
