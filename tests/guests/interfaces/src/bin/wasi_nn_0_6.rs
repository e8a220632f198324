//! Through `wasi-nn` 0.6.0; the model may be one that has a name.

interfaces::wasi_nn!(wasi_nn_0_6, |builder, arguments| match arguments.model.strip_prefix("@") {
    Some(name) => builder.build_from_cache(name),
    None => builder.build_from_bytes([arguments.model()]),
});
