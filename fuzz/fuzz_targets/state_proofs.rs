#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| chancery_decoders::state_proofs::check(data));
