#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| chancery_decoders::remote_servers::check(data));
